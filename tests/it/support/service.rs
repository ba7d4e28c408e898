//! The program itself, as somebody at a terminal or on the network meets it:
//! an archive is a database and a data directory, a service is `obstap serve`
//! on one.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::blocking::{Client, ClientBuilder, Response};
use tempfile::TempDir;

use super::postgres;

/// A database of its own and a directory for files.
pub struct Archive {
    folder: TempDir,
    pub url: String,
}

/// What a command left when it ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    /// What it said to the person at the terminal.
    pub said: String,
}

/// One body on both engines, each with an empty archive.
pub fn on_both(test: impl Fn(&Archive)) {
    let folder = tempfile::tempdir().expect("a folder");
    let sqlite = format!("sqlite:{}", folder.path().join("test.db").display());
    for url in [sqlite, postgres::fresh_database()] {
        eprintln!("on {url}");
        test(&Archive::at(&url));
    }
}

/// The same with the observations of [`SKY`] in it, served.
pub fn served_on_both(test: impl Fn(&Service)) {
    on_both(|archive| {
        archive.loaded(SKY);
        test(&archive.serve());
    });
}

/// What every client is made from. The service fetches tables over TLS with
/// the cryptography that we choose, and its client is ours as well.
pub fn client() -> ClientBuilder {
    // Whoever comes second finds it done.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
}

impl Archive {
    pub fn at(url: &str) -> Archive {
        Archive {
            folder: tempfile::tempdir().expect("a folder"),
            url: url.to_owned(),
        }
    }

    /// Whether it is in PostgreSQL, which several services may share.
    pub fn is_shared(&self) -> bool {
        self.url.starts_with("postgresql:")
    }

    /// A place for a file.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file and returns its path as an argument.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::write(&path, content).expect("a file");
        path.display().to_string()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_obstap"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("OBSTAP_") {
                command.env_remove(name);
            }
        }
        command
            .args(arguments)
            .args(["--database-url", &self.url])
            .arg("--data-dir")
            .arg(self.path("data"))
            .current_dir(self.folder.path());
        command
    }

    /// Runs a command to its end with this on standard input.
    pub fn run_with(&self, arguments: &[&str], input: &[u8]) -> Ended {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program");
        let mut stdin = child.stdin.take().expect("its input");
        // A command that does not read it closes it, which is its right.
        let _ = stdin.write_all(input);
        drop(stdin);
        let output = child.wait_with_output().expect("its end");
        Ended {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            said: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    pub fn run(&self, arguments: &[&str]) -> Ended {
        self.run_with(arguments, b"")
    }

    /// Loads a CSV, which must succeed, and returns what was said.
    #[track_caller]
    pub fn loaded(&self, csv: &str) -> String {
        let ended = self.run_with(&["load", "-", "--format", "csv"], csv.as_bytes());
        assert_eq!(ended.code, Some(0), "{}", ended.said);
        ended.said
    }

    /// The answer to a query as CSV without its header, rows joined by `;`.
    #[track_caller]
    pub fn query(&self, adql: &str) -> String {
        let ended = self.run(&["query", adql, "--format", "csv"]);
        assert_eq!(ended.code, Some(0), "{adql}: {}", ended.said);
        ended.out.lines().skip(1).collect::<Vec<_>>().join(";")
    }

    /// Serves the archive on a port of its own.
    pub fn serve(&self) -> Service {
        self.serve_with(&[])
    }

    pub fn serve_with(&self, flags: &[&str]) -> Service {
        let log = self.path("serve.log");
        let arguments = [&["serve", "--listen", "127.0.0.1:0"], flags].concat();
        let child = self
            .command(&arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).expect("a log"))
            .spawn()
            .expect("the program");
        let mut service = Service {
            child,
            base: String::new(),
            log,
            client: client()
                .timeout(Duration::from_secs(120))
                .build()
                .expect("a client"),
        };
        service.wait();
        service
    }
}

/// The program as it serves; ended when this is dropped.
pub struct Service {
    child: Child,
    pub base: String,
    log: PathBuf,
    pub client: Client,
}

impl Service {
    /// Until it says where it listens, and is available there.
    fn wait(&mut self) {
        let started = Instant::now();
        loop {
            let log = self.log();
            let address = log
                .split_once("listening")
                .and_then(|(_, rest)| rest.split_once("127.0.0.1:"))
                .and_then(|(_, rest)| rest.split_once('\n'));
            if let Some((port, _)) = address {
                let port: String = port.chars().take_while(char::is_ascii_digit).collect();
                self.base = format!("http://127.0.0.1:{port}");
                break;
            }
            let ended = self.child.try_wait().expect("its state");
            let late = started.elapsed() > Duration::from_secs(60);
            assert!(ended.is_none() && !late, "it does not serve: {log}");
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(self.is_available(), "{}", self.log());
    }

    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// What the process holds in memory (VmRSS).
    pub fn resident_kilobytes(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("its state");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.trim().split(' ').next());
        number.and_then(|text| text.parse().ok()).expect("a number")
    }

    pub fn is_available(&self) -> bool {
        let answer = self.client.get(format!("{}/tap/availability", self.base));
        let answer = answer.send().expect("an answer");
        answer.status() == 200 && answer.text().expect("text").contains("available>true<")
    }

    pub fn sync(&self) -> String {
        format!("{}/tap/sync", self.base)
    }

    pub fn get(&self, parameters: &[(&str, &str)]) -> Response {
        let request = self.client.get(self.sync()).query(parameters);
        request.send().expect("an answer")
    }

    pub fn post(&self, parameters: &[(&str, &str)]) -> Response {
        let request = self.client.post(self.sync()).form(parameters);
        request.send().expect("an answer")
    }

    /// The answer to a query as CSV without its header, rows joined by `;`.
    #[track_caller]
    pub fn query(&self, adql: &str) -> String {
        let parameters = [("LANG", "ADQL"), ("QUERY", adql), ("RESPONSEFORMAT", "csv")];
        let answer = self.post(&parameters);
        let status = answer.status();
        let text = answer.text().expect("text");
        assert_eq!(status, 200, "{adql}: {text}");
        text.lines().skip(1).collect::<Vec<_>>().join(";")
    }
}

impl Service {
    /// Ends it as an administrator does, and waits until it has ended.
    pub fn terminate(mut self) {
        let id = self.child.id().to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status();
        assert!(told.is_ok_and(|status| status.success()));
        self.child.wait().expect("its end");
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Observations of every kind of region there is, and of none.
pub const SKY: &str = "\
obs_publisher_did,obs_id,obs_collection,calib_level,s_ra,s_dec,s_region,t_min,t_max,target_name
ivo://t?circle,circle,wide,2,10,20,CIRCLE ICRS 10 20 1,59000,59000.5,M31
ivo://t?lower,lower,wide,2,10.5,20,circle icrs 10.5 20 0.2,59001,59001.5,m31
ivo://t?polygon,polygon,wide,2,31,-9,POLYGON ICRS 30 -10 32 -10 32 -8 30 -8,59002,59002.5,
ivo://t?clockwise,clockwise,wide,2,41,-9,Polygon ICRS 40 -10 40 -8 42 -8 42 -10,59003,59003.5,
ivo://t?union,union,deep,3,52.5,0,UNION ICRS (CIRCLE 50 0 1 CIRCLE 55 0 1),59004,59004.5,
ivo://t?moc,moc,deep,3,45,4.78,MOC 3/0,59005,59005.5,
ivo://t?dali,dali,deep,3,200,-45,circle 200 -45 2,59006,59006.5,
ivo://t?dali_polygon,dali_polygon,deep,3,211,-44,polygon 210 -45 212 -45 211 -43,59007,59007.5,
ivo://t?nowhere,nowhere,deep,1,10.2,20.1,,59008,59008.5,O'Neill
ivo://t?unknown,unknown,deep,0,,,,,,
ivo://t?wrap,wrap,edge,2,0,5,CIRCLE ICRS 0 5 1,59010,59010.5,
ivo://t?meridian,meridian,edge,2,360,-30,POLYGON ICRS 359 -31 1 -31 1 -29 359 -29,59011,59011.5,
ivo://t?pole,pole,edge,2,123,89.5,CIRCLE ICRS 123 89.5 2,59012,59012.5,Polaris
";
