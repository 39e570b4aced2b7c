//! A throw-away machine: this one's own tree under an overlay, with a real systemd as PID 1.
//!
//! **Guarantees.** Its own control groups and mount, PID, network, IPC and UTS namespaces; nothing
//! is mounted where the caller could see it; every write lands in memory and is deleted; when the
//! test dies, even by `kill -9`, the machine dies with it, and the next run sweeps what it left.
//! No command in it can set the clock, which is the host's. No network but its own loopback.
//!
//! **Bounds.** Boot, every command and power-off have a limit, so a hang is a failure.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use super::{cgroup, has, output, repository, skip, text};

/// Overlay uppers live in memory: fast, and gone at the latest with the host.
const RUN: &str = "/dev/shm/ibis-machines";
const PREFIX: &str = "ibis-test-";
/// The repository as the machine sees it, read-only.
pub const CHECKOUT: &str = "/root/ibis";
/// The binary under test as the machine sees it.
pub const BINARY: &str = "/root/ibis-binary";
const BOOT_MAX: Duration = Duration::from_secs(60);
const POWER_OFF_MAX: Duration = Duration::from_secs(30);
const COMMAND_MAX_S: &str = "60";
/// What nspawn drops and `nsenter` would keep; above all the clock.
const CAPABILITIES_DROPPED: &str = "-sys_time,-sys_module,-sys_rawio,-sys_boot,-sys_pacct,\
    -syslog,-wake_alarm,-mac_admin,-mac_override,-block_suspend,-perfmon,-bpf,\
    -checkpoint_restore";
/// Units of a host that only cost time here or reach outside.
const MASKED: [&str; 22] = [
    "apt-daily-upgrade.timer",
    "apt-daily.timer",
    "console-getty.service",
    "cron.service",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "fstrim.timer",
    "getty@tty1.service",
    "ldconfig.service",
    "logrotate.timer",
    "man-db.timer",
    "networking.service",
    "postgresql.service",
    "ssh.service",
    "systemd-firstboot.service",
    "systemd-networkd-wait-online.service",
    "systemd-networkd.service",
    "systemd-pstore.service",
    "systemd-resolved.service",
    "systemd-timesyncd.service",
    "unattended-upgrades.service",
];
const JOURNALD: &str =
    "[Journal]\nStorage=persistent\nRateLimitIntervalSec=0\nForwardToConsole=no\n";

enum Event {
    Booted,
    Ended,
}

/// A booted machine; dropping it powers it off and removes every trace.
#[derive(Debug)]
pub struct Machine {
    name: String,
    directory: PathBuf,
    nspawn: u32,
    init: String,
    events: Receiver<Event>,
    running: bool,
}

impl Machine {
    /// Boots a machine, or says why there can be none here and returns `None`.
    pub fn boot() -> Option<Machine> {
        if let Some(reason) = obstacle() {
            skip(&reason);
            return None;
        }
        sweep();
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("{PREFIX}{}-{count}", std::process::id());
        let directory = Path::new(RUN).join(&name);
        prepare(&directory).unwrap();
        cgroup::create(&name).unwrap();
        let (sender, events) = channel();
        listen(&directory, sender.clone());
        let nspawn = spawn(&name, &directory, sender);
        let mut machine =
            Machine { name, directory, nspawn, init: String::new(), events, running: true };
        match machine.events.recv_timeout(BOOT_MAX) {
            Ok(Event::Booted) => {}
            Ok(Event::Ended) => machine.fail("nspawn ended"),
            Err(_) => machine.fail("no READY from PID 1"),
        }
        machine.init = machine.init_pid();
        Some(machine)
    }

    /// The name of the machine and of its control groups.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs a shell command as root in the machine.
    pub fn run(&self, command: &str) -> Output {
        let mut nsenter = Command::new("timeout");
        nsenter.args(["-k", "1", COMMAND_MAX_S, "nsenter", "-t", &self.init, "-a"]);
        nsenter.args(["setpriv", "--bounding-set", CAPABILITIES_DROPPED]);
        nsenter.args(["--inh-caps", CAPABILITIES_DROPPED]);
        nsenter.args(["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"]);
        nsenter.args(["LANG=C.UTF-8", "SYSTEMD_PAGER=", "SYSTEMD_COLORS=0"]);
        nsenter.args(["bash", "-c", command]).stdin(Stdio::null()).current_dir("/");
        output(&mut nsenter)
    }

    /// Runs a shell command that must succeed; returns its standard output.
    pub fn succeed(&self, command: &str) -> String {
        let output = self.run(command);
        assert!(
            output.status.success(),
            "{command}: {}\n{}\n{}",
            output.status,
            text(&output),
            self.recent()
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Waits until a shell condition holds; panics with the journal's end when it never does.
    pub fn until(&self, condition: &str) {
        let output = self.run(&format!("until {condition}; do sleep 0.05; done"));
        assert!(
            output.status.success(),
            "never came true: {condition}\n{}\n{}",
            text(&output),
            self.recent()
        );
    }

    /// A property of a unit.
    pub fn show(&self, unit: &str, property: &str) -> String {
        let value = self.succeed(&format!("systemctl show '{unit}' -p {property} --value"));
        value.trim_end().to_owned()
    }

    /// Journal entries of the machine, selected by `journalctl` arguments.
    pub fn journal(&self, arguments: &str) -> Vec<serde_json::Value> {
        let entries = format!("journalctl --sync; journalctl -o json --no-pager {arguments}");
        parse_journal(&self.succeed(&entries))
    }

    /// Writes a file in the machine, and the directories above it.
    pub fn write(&self, path: &str, text: &str) {
        let target = PathBuf::from(format!("/proc/{}/root{path}", self.init));
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::write(target, text).unwrap();
    }

    /// The path under which this process reaches a file of the machine.
    pub fn path(&self, path: &str) -> PathBuf {
        format!("/proc/{}/root{path}", self.init).into()
    }

    /// A new directory outside the machine that goes away with it.
    pub fn scratch(&self, name: &str) -> PathBuf {
        let count = fs::read_dir(&self.directory).unwrap().count();
        let directory = self.directory.join(format!("{name}-{count}"));
        fs::create_dir(&directory).unwrap();
        directory
    }

    /// Every file written in the machine and still there whose path contains `part`.
    pub fn written(&self, part: &str) -> Vec<String> {
        let mut find = Command::new("find");
        // A character device in the upper layer is the overlay's mark for a deletion.
        find.arg(self.directory.join("upper")).args(["(", "-type", "f", "-o", "-type", "l", ")"]);
        find.args(["-printf", "/%P\\n"]);
        let files = text(&output(&mut find));
        files.lines().filter(|path| path.contains(part)).map(str::to_owned).collect()
    }

    /// Powers the machine off as its power button would; returns the journal it left behind.
    pub fn power_off(mut self) -> Vec<serde_json::Value> {
        assert!(self.shut_down(), "still up {} s after power-off", POWER_OFF_MAX.as_secs());
        let mut journalctl = Command::new("journalctl");
        journalctl.args(["-o", "json", "--no-pager", "-D"]);
        journalctl.arg(self.directory.join("upper/var/log/journal"));
        parse_journal(&String::from_utf8_lossy(&output(&mut journalctl).stdout))
    }

    fn init_pid(&self) -> String {
        let members = cgroup::unified().join(&self.name).join("payload/init.scope/cgroup.procs");
        let members = fs::read_to_string(members).unwrap_or_default();
        members.split_whitespace().next().unwrap_or_else(|| self.fail("no PID 1")).to_owned()
    }

    /// SIGRTMIN+4 to PID 1 needs no message bus; false when the machine had to be killed.
    fn shut_down(&mut self) -> bool {
        if !std::mem::take(&mut self.running) {
            return true;
        }
        let signal = format!("kill -s RTMIN+4 {}", self.init);
        output(Command::new("bash").args(["-c", &signal]));
        if matches!(self.events.recv_timeout(POWER_OFF_MAX), Ok(Event::Ended)) {
            return true;
        }
        kill(self.nspawn);
        false
    }

    fn recent(&self) -> String {
        text(
            &self
                .run("systemctl --no-pager --failed; journalctl -n 60 --no-pager -o short-precise"),
        )
    }

    fn fail(&self, reason: &str) -> ! {
        let console = fs::read_to_string(self.directory.join("console")).unwrap_or_default();
        kill(self.nspawn);
        panic!("{}: {reason}\n{console}", self.name)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.shut_down();
        // Ends the thread that drains the notifications; there is none after a failed boot.
        if let Ok(socket) = UnixDatagram::unbound() {
            socket.send_to(FAREWELL, self.directory.join("notify")).ok();
        }
        let clean = remove(&self.name);
        assert!(clean || std::thread::panicking(), "{} left control groups", self.name);
    }
}

/// Removes what machines of dead test runs left behind.
pub fn sweep() {
    let is_dead = |name: &str| {
        let owner = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next());
        owner.is_some_and(|pid| !Path::new("/proc").join(pid).exists())
    };
    let mut places = cgroup::hierarchies();
    places.push(RUN.into());
    let entries = places.iter().filter_map(|place| fs::read_dir(place).ok()).flatten().flatten();
    for name in entries.filter_map(|entry| entry.file_name().into_string().ok()) {
        if is_dead(&name) {
            remove(&name);
        }
    }
}

/// True where anything of a machine remains.
pub fn has_remains(name: &str) -> bool {
    let groups = cgroup::hierarchies().into_iter().any(|place| place.join(name).exists());
    groups || Path::new(RUN).join(name).exists()
}

fn remove(name: &str) -> bool {
    let clean = cgroup::remove(name);
    // Absent when the boot failed early, or when another run swept it first.
    fs::remove_dir(Path::new("/run/systemd/nspawn/propagate").join(name)).ok();
    fs::remove_dir_all(Path::new(RUN).join(name)).ok();
    clean
}

fn obstacle() -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        return Some("only root can boot a machine".into());
    }
    let needed = ["systemd-nspawn", "dbus-daemon", "nsenter", "unshare", "setpriv", "timeout"];
    let missing = needed.into_iter().find(|program| !has(program))?;
    Some(format!("{missing} is missing (Debian: apt-get install systemd-container dbus)"))
}

/// Lays out the overlay's upper layer: a journal on disk, no host name, no host services.
fn prepare(directory: &Path) -> std::io::Result<()> {
    let upper = directory.join("upper");
    for part in ["work", "merged", "upper/etc/systemd/system", "upper/var/log/journal"] {
        fs::create_dir_all(directory.join(part))?;
    }
    fs::create_dir_all(upper.join("etc/systemd/journald.conf.d"))?;
    fs::set_permissions(&upper, fs::Permissions::from_mode(0o755))?;
    fs::write(upper.join("etc/machine-id"), "")?;
    fs::write(upper.join("etc/hostname"), "machine\n")?;
    fs::write(upper.join("etc/systemd/journald.conf.d/machine.conf"), JOURNALD)?;
    MASKED
        .iter()
        .try_for_each(|unit| symlink("/dev/null", upper.join("etc/systemd/system").join(unit)))
}

const FAREWELL: &[u8] = b"the harness leaves";

/// Reads notifications for ever: nspawn forwards all of them and blocks when nobody reads.
fn listen(directory: &Path, events: Sender<Event>) {
    let socket = UnixDatagram::bind(directory.join("notify")).unwrap();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(length) = socket.recv(&mut buffer) {
            let message = &buffer[..length];
            if message == FAREWELL {
                return;
            }
            if message.split(|byte| *byte == b'\n').any(|line| line == b"READY=1") {
                // The receiver is gone when the boot was given up.
                events.send(Event::Booted).ok();
            }
        }
    });
}

/// Starts nspawn in a PID namespace that dies with this thread; returns its outermost process.
///
/// Killing nspawn alone would leave the inner systemd running, hence `unshare --kill-child`.
fn spawn(name: &str, directory: &Path, events: Sender<Event>) -> u32 {
    let console = fs::File::create(directory.join("console")).unwrap();
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "unshare", "-m", "-p", "--fork", "--kill-child=KILL"]);
    command.args(["--mount-proc", "--propagation", "private", "bash", "-c"]);
    command.arg(boot_script(name, directory)).process_group(0);
    command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    command.env("NOTIFY_SOCKET", directory.join("notify"));
    command.env("SYSTEMD_NSPAWN_UNIFIED_HIERARCHY", "1");
    command.stdin(Stdio::null()).stderr(console.try_clone().unwrap()).stdout(console);
    let mut child = command.spawn().unwrap();
    let pid = child.id();
    std::thread::spawn(move || {
        child.wait().ok();
        // The receiver is gone when the machine was killed rather than powered off.
        events.send(Event::Ended).ok();
    });
    pid
}

/// Enters the control groups, mounts the overlay, hides an ibis of the host, becomes nspawn. Of the
/// calls that nspawn forbids and a machine has, one is needed: the agent takes kept sockets over with it.
fn boot_script(name: &str, directory: &Path) -> String {
    let groups: String = cgroup::hierarchies()
        .iter()
        .map(|hierarchy| format!("echo $$ > {}/{name}/cgroup.procs\n", hierarchy.display()))
        .collect();
    let (checkout, binary) = (repository().display(), super::binary());
    format!(
        "set -e\n{groups}cd {directory}\n\
         mount -t overlay {name} -o lowerdir=/,upperdir=upper,workdir=work merged\n\
         shopt -s nullglob\n\
         cd merged\n\
         rm -rf etc/ibis var/lib/ibis usr/bin/ibis usr/share/ibis etc/systemd/system/ibis-* \\\n\
             etc/systemd/system/*/ibis-* usr/lib/systemd/system/ibis-* {CHECKOUT_HERE}\n\
         exec systemd-nspawn -q --register=no --keep-unit --notify-ready=yes -M {name} \\\n\
             -D {directory}/merged -b --console=pipe --private-network --link-journal=no \\\n\
             --system-call-filter=pidfd_getfd \
             --bind-ro='{checkout}:{CHECKOUT}' --bind-ro='{binary}:{BINARY}'\n",
        directory = directory.display(),
        CHECKOUT_HERE = CHECKOUT.trim_start_matches('/'),
        binary = binary.display(),
    )
}

fn kill(pid: u32) {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    if let Some(pid) = pid {
        // Refused only when it has already ended.
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).ok();
    }
}

fn parse_journal(lines: &str) -> Vec<serde_json::Value> {
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
