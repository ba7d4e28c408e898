//! A PostgreSQL server of the tests' own: private data, port and socket, and
//! gone when the tests are. The machine's own cluster is never touched.
//!
//! One server for the whole test binary, a fresh database per test.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

/// A running server.
pub struct Server {
    folder: PathBuf,
    programs: PathBuf,
    port: u16,
    /// The user it runs as, when the tests run as root (which PostgreSQL
    /// refuses).
    user: Option<&'static str>,
    keeper: Mutex<Option<Child>>,
}

/// The server that all tests of this binary share.
pub fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(Server::start)
}

/// The URL of a fresh, empty database on the shared server.
pub fn fresh_database() -> String {
    server().fresh_database()
}

/// The same, with text that is not compared by bytes unless it is asked for:
/// in the order of a language, where the server knows any.
pub fn fresh_database_in(language: &str) -> String {
    let options = format!("LOCALE_PROVIDER icu ICU_LOCALE '{language}'");
    server().make_database(&options)
}

impl Server {
    /// Starts a server; a test that stops it should have one of its own.
    pub fn start() -> Server {
        let programs = programs();
        let user = unprivileged_user();
        let folder = tempfile::Builder::new()
            .prefix("obstap-pg-")
            .tempdir_in(std::env::temp_dir())
            .expect("a folder for PostgreSQL")
            .keep();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).expect("permissions");
        if let Some(user) = user {
            let (uid, gid) = ids(user);
            chown(&folder, Some(uid), Some(gid)).expect("the folder's owner");
        }
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a free port")
            .port();
        let server = Server {
            folder,
            programs,
            port,
            user,
            keeper: Mutex::new(None),
        };
        server.run("initdb", |initdb| {
            initdb
                .args(["--no-sync", "--auth=trust", "--username=tester"])
                .args(["--encoding=UTF8", "--locale=C", "--pgdata"])
                .arg(server.data());
        });
        server.up();
        server
    }

    /// Starts the server program and waits until it answers.
    pub fn up(&self) {
        let mut postgres = self.command("postgres");
        let options = format!(
            "-p {} -k {} -c listen_addresses=127.0.0.1 -c fsync=off -c full_page_writes=off \
             -c synchronous_commit=off -c max_connections=300 -c shared_buffers=64MB",
            self.port,
            self.folder.display()
        );
        postgres.arg("-D").arg(self.data()).args(options.split(' '));
        // The keeper lives as long as this process holds its standard input
        // (also if it is killed): then it stops the server and cleans up.
        let script = r#"
            folder=$1; shift
            "$@" >>"$folder.log" 2>&1 &
            server=$!
            echo started
            read -r word
            kill -INT "$server" 2>/dev/null
            wait "$server"
            if [ "$word" != keep ]; then rm -rf "$folder" "$folder.log"; fi
        "#;
        let mut keeper = Command::new("sh")
            .args(["-c", script, "keeper"])
            .arg(&self.folder)
            .arg(postgres.get_program())
            .args(postgres.get_args())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("sh");
        let mut line = String::new();
        BufReader::new(keeper.stdout.take().expect("its output"))
            .read_line(&mut line)
            .expect("its first line");
        *self.keeper.lock().expect("keeper") = Some(keeper);
        let socket = self.folder.join(format!(".s.PGSQL.{}", self.port));
        let started = Instant::now();
        while !self.answers() {
            if started.elapsed() > Duration::from_secs(60) {
                let log = fs::read_to_string(self.folder.with_extension("log"));
                panic!(
                    "PostgreSQL does not answer on {}: {log:?}",
                    socket.display()
                );
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Stops the server as an administrator would (fast shutdown).
    pub fn down(&self) {
        if let Some(mut keeper) = self.keeper.lock().expect("keeper").take() {
            use std::io::Write;
            let mut input = keeper.stdin.take().expect("its input");
            let _ = input.write_all(b"keep\n");
            drop(input);
            let _ = keeper.wait();
        }
    }

    /// The URL of a fresh, empty database.
    pub fn fresh_database(&self) -> String {
        self.make_database("")
    }

    fn make_database(&self, options: &str) -> String {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        self.psql(
            "postgres",
            &format!("CREATE DATABASE {name} TEMPLATE template0 {options}"),
        );
        self.url(&name)
    }

    /// The URL of a database by its name, over the Unix socket.
    pub fn url(&self, name: &str) -> String {
        let folder = self.folder.to_string_lossy().replace('/', "%2F");
        format!("postgresql://tester@{folder}:{}/{name}", self.port)
    }

    /// Runs SQL as the superuser and returns what it prints.
    pub fn psql(&self, database: &str, sql: &str) -> String {
        self.run("psql", |psql| {
            psql.args([
                "-X",
                "-q",
                "-A",
                "-t",
                "-v",
                "ON_ERROR_STOP=1",
                "-U",
                "tester",
            ])
            .arg("-h")
            .arg(&self.folder)
            .args(["-p", &self.port.to_string(), "-d", database, "-c", sql]);
        })
    }

    fn answers(&self) -> bool {
        let mut ready = self.command("pg_isready");
        ready.arg("-q").arg("-h").arg(&self.folder);
        ready.args(["-p", &self.port.to_string(), "-d", "postgres"]);
        ready.status().is_ok_and(|status| status.success())
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn run(&self, program: &str, arguments: impl FnOnce(&mut Command)) -> String {
        let mut command = self.command(program);
        arguments(&mut command);
        let output = command.output().expect(program);
        assert!(
            output.status.success(),
            "{program}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// A program of PostgreSQL, as the user that may run it.
    fn command(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        let mut command = match self.user {
            Some(user) => {
                let (uid, gid) = ids(user);
                let mut command = Command::new("setpriv");
                command
                    .arg(format!("--reuid={uid}"))
                    .arg(format!("--regid={gid}"))
                    .args(["--clear-groups", "--"])
                    .arg(program);
                command
            }
            None => Command::new(program),
        };
        command.current_dir("/").env_remove("PGPASSWORD");
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The keeper cleans up when its input ends.
        if let Some(mut keeper) = self.keeper.lock().expect("keeper").take() {
            drop(keeper.stdin.take());
            let _ = keeper.wait();
        }
        let _ = fs::remove_dir_all(&self.folder);
        let _ = fs::remove_file(self.folder.with_extension("log"));
    }
}

/// One of the programs that come with the server, as `pg_dump`.
pub fn program(name: &str) -> PathBuf {
    server().programs.join(name)
}

/// The newest installed server programs.
fn programs() -> PathBuf {
    let version = |path: &Path| -> u32 {
        let name = path.file_name().and_then(OsStr::to_str);
        name.and_then(|name| name.parse().ok()).unwrap_or(0)
    };
    let installed = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let found = installed
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.join("bin/initdb").exists())
        .max_by_key(|path| version(path))
        .map(|path| path.join("bin"));
    let on_path = || {
        let paths = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&paths).find(|path| path.join("initdb").exists())
    };
    found
        .or_else(on_path)
        .expect("the PostgreSQL server programs (Debian: apt-get install postgresql)")
}

/// Root may not run PostgreSQL: `postgres` does, or else `nobody`.
fn unprivileged_user() -> Option<&'static str> {
    let root = fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0);
    root.then(|| match account("postgres") {
        Some(_) => "postgres",
        None => "nobody",
    })
}

fn ids(user: &str) -> (u32, u32) {
    account(user).expect("an account to run PostgreSQL")
}

fn account(user: &str) -> Option<(u32, u32)> {
    let accounts = fs::read_to_string("/etc/passwd").ok()?;
    accounts.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        match fields.as_slice() {
            [name, _, uid, gid, ..] if *name == user => {
                Some((uid.parse().ok()?, gid.parse().ok()?))
            }
            _ => None,
        }
    })
}
