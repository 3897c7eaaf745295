//! Secrets cannot be printed or compared.

use dca_snmp::usm::{AuthKey, LocalizedKey, LocalizedUser, MasterKey, PrivacyKey};
use dca_snmp::{AuthProtocol, Community, Credentials, KeyExtension, PrivProtocol, User};

/// Whether `$type` implements `$trait`: an inherent constant wins over a trait's, but exists only under the bound.
macro_rules! implements {
    ($type:ty: $($bound:tt)+) => {{
        #[allow(dead_code, reason = "unused for a type that does implement the trait")]
        trait Otherwise {
            const DOES: bool = false;
        }
        impl<T: ?Sized> Otherwise for T {}
        struct Probe<T: ?Sized>(core::marker::PhantomData<T>);
        #[allow(dead_code, reason = "absent from every type that does not implement the trait, which is the point")]
        impl<T: ?Sized + $($bound)+> Probe<T> {
            const DOES: bool = true;
        }
        Probe::<$type>::DOES
    }};
}

macro_rules! secret {
    ($($type:ty),+) => {$(
        assert!(!implements!($type: PartialEq), "{} can be compared", stringify!($type));
        assert!(!implements!($type: PartialOrd), "{} can be ordered", stringify!($type));
        assert!(!implements!($type: core::hash::Hash), "{} can be hashed", stringify!($type));
        assert!(!implements!($type: core::fmt::Display), "{} can be displayed", stringify!($type));
        assert!(!implements!($type: AsRef<[u8]>), "{} shows its octets", stringify!($type));
        assert!(!implements!($type: core::ops::Deref), "{} shows its octets", stringify!($type));
    )+};
}

#[test]
fn secrets_cannot_be_compared_or_displayed() {
    assert!(implements!(AuthProtocol: PartialEq), "the probe sees a trait that is there");
    secret!(MasterKey, LocalizedKey, AuthKey, PrivacyKey, LocalizedUser, Community, User, Credentials);
}

#[test]
fn secrets_cannot_be_serialised() {
    // Nothing in this crate can: it does not know serde.
    let manifest = include_str!("../Cargo.toml");
    let (used, _) = manifest.split_once("[dev-dependencies]").unwrap();
    assert!(!used.contains("serde"));
}

#[test]
fn secrets_print_as_dots() {
    let master = MasterKey::derive(AuthProtocol::Sha1, b"open sesame");
    let localized = master.localize(AuthProtocol::Sha1, b"engine");
    let user = User::new("keeper").unwrap().auth(AuthProtocol::Sha1, b"open sesame").unwrap();
    let user = user.privacy(PrivProtocol::Aes128, b"close sesame").unwrap();
    let community = Community::from("open sesame");
    assert_eq!(format!("{master:?} {localized:?} {community:?}"), "MasterKey(..) LocalizedKey(..) Community(..)");
    let everything = format!(
        "{:?} {:?} {:?} {:?} {:?}",
        AuthKey::new(AuthProtocol::Sha1, &localized),
        PrivacyKey::new(PrivProtocol::Aes128, localized.clone()),
        LocalizedUser::new(&user, b"engine", KeyExtension::Either),
        Credentials::v2c(community.clone()),
        Credentials::V3(user.clone()),
    );
    let spelt_out = format!("{:?}", b"sesame");
    let spelt_out = spelt_out.trim_matches(['[', ']']);
    assert!(!everything.contains("sesame") && !everything.contains(spelt_out), "{everything}");
    assert!(everything.matches("..").count() >= 6, "{everything}");
}
