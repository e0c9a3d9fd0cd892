//! pip and pip-tools: nothing of the repository but the requirements files themselves.
//!
//! pip reads `pip.conf` for the machine, the user and the virtual environment, never from a project; `.pypirc`, `setup.cfg` and other
//! tools' tables neither. Which indexes a run asks, its own files say (format `requirements`); `PIP_*` variables can override that where
//! a file has no `-i`. The settings of those files are passed on. uv reads the same files, and lets the environment win over `-i`.

use crate::clients::Client;
use crate::dependency::Lockfile;
use crate::neighbours::Neighbours;
use crate::routing::Routing;

/// The row of the table.
pub(super) static CLIENT: Client = Client { id: "pip", reads: &[], serves: &["requirements"], read };

/// What the file itself sets, which rules look for among the clients' settings.
pub(super) fn read(lockfile: &Lockfile, _: &Neighbours<'_>) -> Routing {
    Routing { settings: lockfile.routing.settings.clone(), ..Routing::default() }
}

#[cfg(test)]
mod tests {
    use crate::clients::testing::routing;

    #[test]
    fn a_project_configures_pip_in_requirements_only() {
        let files = [
            ("pip.conf", "[global]\nindex-url = https://other.example/simple\n"),
            ("requirements.txt", "--trusted-host a.example\n--require-hashes\na==1\n"),
        ];
        assert_eq!(
            routing("requirements.txt", &files),
            "\
setting TlsOff --trusted-host at requirements.txt:1
setting IntegrityOn --require-hashes at requirements.txt:2
"
        );
    }
}
