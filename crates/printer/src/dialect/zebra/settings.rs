//! Answers to `getvar`: a value in double quotes, or `"?"` where the device does not know the setting.

use super::Answer;

/// A setting's name and its value.
pub(super) type Setting = (String, String);

/// The settings of a conversation, if all its answers belong to their questions.
pub(super) fn in_step(answers: &[Answer<'_>]) -> Result<Vec<Setting>, &'static str> {
    let asked: Vec<_> = answers.iter().filter_map(|answer| Some((answer.asked?, value(answer.octets)))).collect();
    let (Some((first, said)), Some((last, again))) = (asked.first(), asked.last()) else { return Ok(Vec::new()) };
    let agrees = asked.len() > 1 && first == last && said.is_some() && said == again;
    if !agrees {
        return Err("the device's answers to getvar came out of step, and none of them is used");
    }
    Ok(asked.iter().skip(1).filter_map(|(name, value)| told(name, value.as_deref()?)).collect())
}

/// The settings that stand in a recording below their questions, and the recording without them.
pub(super) fn recorded(octets: &[u8]) -> (Vec<u8>, Vec<Setting>) {
    let (mut rest, mut settings) = (Vec::new(), Vec::new());
    let mut asked: Option<String> = None;
    for line in octets.split_inclusive(|octet| *octet == b'\n') {
        let text = String::from_utf8_lossy(line);
        let text = text.trim();
        if let Some(name) = text.strip_prefix("! U1 getvar").and_then(|name| value(name.trim().as_bytes())) {
            asked = Some(name);
        } else if let Some(name) = asked.take() {
            settings.extend(value(text.as_bytes()).and_then(|value| told(&name, &value)));
        } else {
            rest.extend_from_slice(line);
        }
    }
    (rest, settings)
}

fn told(name: &str, value: &str) -> Option<Setting> {
    (value != "?" && !value.is_empty()).then(|| (name.to_owned(), value.to_owned()))
}

/// What stands between the quotes, if nothing stands outside of them.
fn value(octets: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(octets.get(..octets.len().min(1024))?).ok()?;
    let inside = text.trim().strip_prefix('"')?.strip_suffix('"')?;
    (!inside.contains('"') && !inside.chars().any(char::is_control)).then(|| inside.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(answers: &[(&str, &str)], wanted: Option<&[(&str, &str)]>) {
        let given: Vec<_> =
            answers.iter().map(|(asked, said)| Answer { asked: Some(asked), octets: said.as_bytes() }).collect();
        let wanted = wanted.map(|wanted| wanted.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect());
        assert_eq!(in_step(&given).ok(), wanted, "{answers:?}");
    }

    #[test]
    fn settings_out_of_step_are_not_used() {
        let (first, last) = (("appl.name", "\"V1\""), ("appl.name", "\"V1\"\r\n"));
        check(&[first, ("a", "\"12\""), ("b", "\"?\""), last], Some(&[("a", "12"), ("appl.name", "V1")]));
        check(&[], Some(&[]));
        check(&[first], None);
        check(&[first, ("a", "\"V1\""), ("b", "\"12\""), ("appl.name", "\"?\"")], None);
        check(&[first, ("a", "\"12\"")], None);
        check(&[("appl.name", ""), ("a", "\"12\""), ("appl.name", "")], None);
        check(&[("appl.name", "\x02 12 \"\x03"), ("a", "\"12\""), ("appl.name", "\x02 12 \"\x03")], None);
    }

    #[test]
    fn a_recording_holds_them_below_their_questions() {
        let (rest, settings) =
            recorded(b"! U1 getvar \"a.b\"\r\n\"7\"\r\nPRINT METERS\r\n! U1 getvar \"c\"\r\n\"?\"\r\n");
        assert_eq!(settings, [("a.b".to_owned(), "7".to_owned())]);
        assert_eq!(rest, b"PRINT METERS\r\n");
    }
}
