use std::io::Write;
use std::os::unix::fs::symlink;

use super::*;
use crate::config::Key;

fn files(roots: &[&Path]) -> Files {
    Files::new(&config::Files {
        roots: roots.iter().map(|root| root.to_path_buf()).collect(),
        ..config::Files::default()
    })
}

fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}

#[test]
fn only_files_in_the_directories_are_given() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("root");
    let inner = root.join("inner");
    fs::create_dir_all(&inner).expect("directories");
    let secret = folder.path().join("secret");
    for (path, text) in [
        (&secret, "secret"),
        (&root.join("a.fits"), "data"),
        (&inner.join("b.fits"), "more"),
        (&folder.path().join("root2"), "near"),
    ] {
        fs::write(path, text).expect("a file");
    }
    symlink(&secret, root.join("out")).expect("a link");
    symlink(folder.path(), root.join("up")).expect("a link");
    symlink(inner.join("b.fits"), root.join("in")).expect("a link");
    symlink(root.join("nowhere"), root.join("dangling")).expect("a link");
    symlink(&root, folder.path().join("alias")).expect("a link");
    let files = files(&[&root]);
    let check = |path: &str, expected: Result<Option<u64>, Fault>| {
        let uri = uri(&folder.path().join(path));
        assert_eq!(files.look().check(&uri), expected, "{path}");
        let opened = files.look().open(&uri).map(drop);
        assert_eq!(opened, expected.map(drop), "{path}");
    };
    check("root/a.fits", Ok(Some(4)));
    check("root/inner/../a.fits", Ok(Some(4)));
    check("alias/a.fits", Ok(Some(4)));
    check("root/in", Ok(Some(4)));
    check("root/missing", Err(Fault::Gone));
    check("root/dangling", Err(Fault::Gone));
    check("root/inner", Err(Fault::Gone));
    check("root/a.fits/x", Err(Fault::Gone));
    check("secret", Err(Fault::Outside));
    check("root/../secret", Err(Fault::Outside));
    check("root/%2e%2e/secret", Err(Fault::Outside));
    check("root/out", Err(Fault::Outside));
    check("root/up/secret", Err(Fault::Outside));
    check("root2", Err(Fault::Outside));
    // Not even whether it is there.
    check("root/../missing", Err(Fault::Outside));
    check("missing", Err(Fault::Outside));
    fs::remove_dir_all(&root).expect("removed");
    check("root/a.fits", Err(Fault::RootGone));
}

#[test]
fn members_of_zips_are_given_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.zip");
    let long: Vec<u8> = (0..100_000u32).map(|n| (n % 251) as u8).collect();
    let mut zip = zip::ZipWriter::new(File::create(&path).expect("a file"));
    for (name, method) in [
        ("stored.fits", zip::CompressionMethod::Stored),
        ("in/packed.json", zip::CompressionMethod::Deflated),
    ] {
        let options = zip::write::SimpleFileOptions::default().compression_method(method);
        zip.start_file(name, options).expect("a member");
        zip.write_all(&long).expect("its bytes");
    }
    zip.finish().expect("its end");
    let files = files(&[folder.path()]);
    let open = |member: &str| {
        let uri = format!("{}#zip-path={member}", uri(&path));
        files.look().open(&uri)
    };
    let Ok(Found::Here(stored)) = open("stored.fits") else {
        unreachable!("it is there");
    };
    let Content::Plain(file, start) = stored.content else {
        unreachable!("it is stored");
    };
    let mut bytes = vec![0; long.len()];
    std::os::unix::fs::FileExt::read_exact_at(&file, &mut bytes, start).expect("its bytes");
    assert!(bytes == long && stored.size == long.len() as u64);
    let Ok(Found::Here(packed)) = open("in/packed.json") else {
        unreachable!("it is there");
    };
    assert_eq!((packed.size, &*packed.name), (100_000, "packed.json"));
    let Content::Packed(member) = packed.content else {
        unreachable!("it is packed");
    };
    let mut unpacked = Vec::new();
    let take = |piece: Vec<u8>| {
        unpacked.extend(piece);
        true
    };
    member.unpack(1000, take).expect("unpacked");
    assert!(unpacked == long);
    assert_eq!(open("missing").map(drop), Err(Fault::Gone));
    let torn = folder.path().join("torn.zip");
    fs::write(&torn, b"PK\x03\x04 torn").expect("a file");
    let torn = files.look().open(&format!("{}#zip-path=a", uri(&torn)));
    assert_eq!(torn.map(drop), Err(Fault::Unreadable));
}

#[test]
fn objects_are_led_to_by_signed_addresses() {
    let key = |id: &str| {
        Some(Key {
            id: id.to_owned(),
            secret: "hush".to_owned(),
        })
    };
    let files = Files::new(&config::Files {
        s3_key: key("ada"),
        gs_key: key("bob"),
        s3_region: "eu-west-3".to_owned(),
        signed: Duration::from_secs(600),
        ..config::Files::default()
    });
    let check = |uri: &str, begins: &str, key: &str| {
        let found = files.look().open(uri);
        let Ok(Found::Elsewhere { url, lasts }) = found else {
            unreachable!("{uri}: {found:?}");
        };
        assert!(url.starts_with(begins), "{url}");
        for part in ["X-Amz-Signature=", "X-Amz-Expires=600", key] {
            assert!(url.contains(part), "{url}");
        }
        assert!(!url.contains("hush"));
        assert_eq!(lasts, Some(Duration::from_secs(600)));
    };
    let amazon = "https://raw.s3.eu-west-3.amazonaws.com/2026/a%20b.fits?";
    check("s3://raw/2026/a%20b.fits", amazon, "ada%2F");
    let google = "https://storage.googleapis.com/raw/a.fits?";
    check("gs://raw/a.fits", google, "bob%2F");
    let keyless = Files::new(&config::Files::default());
    let asked = keyless.look().open("s3://raw/a").map(drop);
    assert_eq!(asked, Err(Fault::NoKey));
}
