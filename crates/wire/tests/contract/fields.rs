//! Every field that was ever used keeps its number and its type.

use expect_test::expect_file;
use prost::Message;
use prost_types::{DescriptorProto, EnumDescriptorProto, FileDescriptorSet};
use std::path::Path;

#[test]
fn numbers_and_types_stay() {
    let files = FileDescriptorSet::decode(dca_wire::DESCRIPTORS).unwrap();
    let mut lines = Vec::new();
    for file in files.file {
        file.message_type.iter().for_each(|message| list(file.package(), message, &mut lines));
        file.enum_type.iter().for_each(|kind| list_enum(file.package(), kind, &mut lines));
        for service in &file.service {
            for method in &service.method {
                let (from, to) = (method.input_type(), method.output_type());
                lines.push(format!("{}.{}/{}: {from} -> {to}", file.package(), service.name(), method.name()));
            }
        }
    }
    lines.sort();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/fields.txt");
    expect_file![path].assert_eq(&(lines.join("\n") + "\n"));
}

fn list(scope: &str, message: &DescriptorProto, lines: &mut Vec<String>) {
    let name = format!("{scope}.{}", message.name());
    for field in &message.field {
        let kind = match field.type_name() {
            "" => format!("{:?}", field.r#type()).to_lowercase(),
            name => name.trim_start_matches('.').to_owned(),
        };
        let label = format!("{:?}", field.label()).to_lowercase();
        lines.push(format!("{name} {:03}: {} {label} {kind}", field.number(), field.name()));
    }
    message.nested_type.iter().for_each(|inner| list(&name, inner, lines));
    message.enum_type.iter().for_each(|inner| list_enum(&name, inner, lines));
}

fn list_enum(scope: &str, kind: &EnumDescriptorProto, lines: &mut Vec<String>) {
    lines.extend(
        kind.value.iter().map(|value| format!("{scope}.{} {:03}: {}", kind.name(), value.number(), value.name())),
    );
}
