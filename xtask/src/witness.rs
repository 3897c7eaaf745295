//! The programs that tests call as witnesses: who provides them, and what is skipped without them.

use crate::shell::{ci, has, run_with, target_folder};
use anyhow::bail;
use std::path::Path;

struct Witness {
    /// What must be there: a program, or a header by its path.
    needs: &'static str,
    /// Debian's package.
    package: &'static str,
    /// What cannot be shown without it.
    shows: &'static str,
}

const WITNESSES: &[Witness] = &[
    Witness { needs: "snmpget", package: "snmp", shows: "our responder against net-snmp's tools" },
    Witness { needs: "snmpd", package: "snmpd", shows: "our manager against net-snmp's agent" },
    Witness { needs: "snmpsimd", package: "snmpsim", shows: "recorded walks over UDP against their files" },
    Witness {
        needs: "/usr/include/net-snmp/net-snmp-config.h",
        package: "libsnmp-dev",
        shows: "net-snmp's decoder on what we encode",
    },
    Witness { needs: "gcc", package: "gcc", shows: "net-snmp's decoder on what we encode" },
    Witness { needs: "lpd", package: "lprng", shows: "our print queue client against LPRng's lpd" },
    Witness { needs: "strace", package: "strace", shows: "whom dca sends to" },
    Witness { needs: "protoc", package: "protobuf-compiler", shows: "the reference decoder on our encoded samples" },
    Witness {
        needs: "ippeveprinter",
        package: "cups-ipp-utils",
        shows: "IPP against a printer that nobody here wrote",
    },
    Witness { needs: "dbus-daemon", package: "dbus-daemon", shows: "IPP against a printer that nobody here wrote" },
    Witness {
        needs: "/usr/lib/postgresql",
        package: "postgresql",
        shows: "the portal's whole suite on PostgreSQL, a site moved over",
    },
    Witness {
        needs: "mosquitto",
        package: "mosquitto",
        shows: "portal and agent with a broker that nobody here wrote",
    },
    Witness { needs: "openssl", package: "openssl", shows: "that the portal speaks TLS 1.2 and 1.3 and nothing older" },
    Witness { needs: "systemd-analyze", package: "systemd", shows: "the unit of dca run, judged by systemd" },
    Witness { needs: "mosquitto_sub", package: "mosquitto-clients", shows: "the portal's MQTT endpoint" },
    Witness { needs: "tinyproxy", package: "tinyproxy-bin", shows: "the way to the portal through proxies" },
    Witness { needs: "squid", package: "squid", shows: "the way to the portal through proxies" },
    Witness { needs: "danted", package: "dante-server", shows: "the way to the portal through proxies" },
    Witness { needs: "ip", package: "iproute2", shows: "that dca listens nowhere and sends to nobody else" },
    Witness { needs: "tcpdump", package: "tcpdump", shows: "that dca listens nowhere and sends to nobody else" },
    Witness {
        needs: "x86_64-w64-mingw32-gcc",
        package: "gcc-mingw-w64-x86-64",
        shows: "that the service for Windows compiles",
    },
    Witness { needs: "python3", package: "python3", shows: "the score on recorded walks, rows to snmpd and pysnmp" },
];

/// What the second agent and a second MQTT client are made of, from PyPI.
const PYSNMP: [&str; 4] = ["pysnmp==7.1.30", "pyasn1==0.6.5", "cryptography==50.0.2", "paho-mqtt==2.2.0"];

/// Installs what is missing where that is possible. The answer is how many witnesses remain missing.
pub(crate) fn prepare() -> anyhow::Result<usize> {
    let mut missing = missing();
    if !missing.is_empty() && has("apt-get") && is_root() {
        let packages: Vec<&str> = missing.iter().map(|witness| witness.package).collect();
        let quiet = [("DEBIAN_FRONTEND", "noninteractive")];
        let _no_services = NoServices::new()?;
        run_with("apt-get update -qq", &quiet)?;
        run_with(&format!("apt-get install -y -qq --no-install-recommends {}", packages.join(" ")), &quiet)?;
        missing = self::missing();
    }
    let pysnmp = pysnmp();
    if missing.is_empty() && pysnmp.is_ok() {
        return Ok(0);
    }
    println!("\nMissing witnesses:");
    for witness in &missing {
        println!("  {:<45} Debian: apt-get install {:<12} shows {}", witness.needs, witness.package, witness.shows);
    }
    let mut count = missing.len();
    if let Err(why) = &pysnmp {
        println!(
            "  pysnmp, a second agent, and paho-mqtt, a second MQTT client ({why}): python3 -m venv FOLDER; FOLDER/bin/pip install {}",
            PYSNMP.join(" ")
        );
        count += 1;
    }
    if ci() {
        bail!("CI=true and {count} witnesses are missing");
    }
    Ok(count)
}

/// Puts pysnmp and paho-mqtt into a Python of its own below the build folder, once.
fn pysnmp() -> anyhow::Result<()> {
    let folder = target_folder().join("pysnmp");
    let stamp = folder.join(PYSNMP.join("+"));
    if stamp.exists() {
        return Ok(());
    }
    let (place, quiet) = (folder.display(), [("PIP_DISABLE_PIP_VERSION_CHECK", "1")]);
    let make = format!("python3 -m venv --clear {place}");
    if run_with(&make, &quiet).is_err() && has("apt-get") && is_root() {
        // Debian's python3 comes without it.
        run_with(
            "apt-get install -y -qq --no-install-recommends python3-venv",
            &[("DEBIAN_FRONTEND", "noninteractive")],
        )?;
        run_with(&make, &quiet)?;
    }
    run_with(&format!("{place}/bin/pip install -q {}", PYSNMP.join(" ")), &quiet)?;
    std::fs::write(stamp, "")?;
    Ok(())
}

/// Some of the packages bring a service. The tests start their own: while this value lives, Debian starts none.
struct NoServices {
    own: bool,
}

impl NoServices {
    /// What Debian asks before it starts a service.
    const POLICY: &str = "/usr/sbin/policy-rc.d";

    fn new() -> std::io::Result<Self> {
        let own = !Path::new(Self::POLICY).exists();
        if own {
            std::fs::write(Self::POLICY, "#!/bin/sh\nexit 101\n")?;
            std::fs::set_permissions(Self::POLICY, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
        }
        Ok(Self { own })
    }
}

impl Drop for NoServices {
    fn drop(&mut self) {
        if self.own {
            let _ = std::fs::remove_file(Self::POLICY);
        }
    }
}

fn missing() -> Vec<&'static Witness> {
    let there = |needs: &str| if needs.starts_with('/') { Path::new(needs).exists() } else { has(needs) };
    WITNESSES.iter().filter(|witness| !there(witness.needs)).collect()
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| {
        use std::os::unix::fs::MetadataExt;
        own.uid() == 0
    })
}
