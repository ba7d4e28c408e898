//! Cut-outs of images that are made here: which pixels, what becomes of the
//! header, what is refused, and the service on both engines.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::symlink;

use adql::sky::{Region, contains, meets};
use obstap::soda::{Cutout, Fault};
use proptest::prelude::*;

use crate::support::service::{Archive, on_both};

/// A header in cards and blocks.
fn header(lines: &[String]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in lines.iter().map(String::as_str).chain(["END"]) {
        // A character is a byte, whether the standard has it or not.
        bytes.extend(format!("{line:<80}").chars().map(|c| c as u8));
    }
    bytes.resize(bytes.len().div_ceil(2880) * 2880, b' ');
    bytes
}

fn card(name: &str, value: impl ToString) -> String {
    format!("{name:<8}= {:>20}", value.to_string())
}

/// The WCS of a plane image, 0.01° a pixel, with the middle of pixel 51, 41 at
/// a position.
fn tan(lon: f64, lat: f64) -> Vec<String> {
    vec![
        card("CTYPE1", "'RA---TAN'"),
        card("CTYPE2", "'DEC--TAN'"),
        card("CRVAL1", lon),
        card("CRVAL2", lat),
        card("CRPIX1", 51),
        card("CRPIX2", 41),
        card("CDELT1", -0.01),
        card("CDELT2", 0.01),
    ]
}

const WIDTH: usize = 100;
const HEIGHT: usize = 80;

/// An image of one byte a pixel: its column plus its row.
fn image(first: &str, wcs: Vec<String>) -> Vec<u8> {
    let mut lines = vec![
        first.to_owned(),
        card("BITPIX", 8),
        card("NAXIS", 2),
        card("NAXIS1", WIDTH),
        card("NAXIS2", HEIGHT),
    ];
    lines.extend(wcs);
    let mut bytes = header(&lines);
    bytes.extend((0..WIDTH * HEIGHT).map(|at| (at % WIDTH + at / WIDTH) as u8));
    bytes.resize(bytes.len().div_ceil(2880) * 2880, 0);
    bytes
}

fn primary(wcs: Vec<String>) -> Vec<u8> {
    image(&card("SIMPLE", "T"), wcs)
}

fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(bytes).expect("room");
    file
}

fn cut(bytes: &[u8], region: &Region) -> Result<Option<Vec<u8>>, Fault> {
    let Some(cutout) = Cutout::new(file(bytes), region, &[])? else {
        return Ok(None);
    };
    let mut out = Vec::new();
    cutout.write(&mut out).expect("bytes");
    assert_eq!(out.len() as u64, cutout.bytes());
    Ok(Some(out))
}

fn circle(lon: f64, lat: f64, radius: f64) -> Region {
    Region::circle(lon, lat, radius).expect("a region")
}

/// The value of the first card of a name.
fn value(bytes: &[u8], name: &str) -> String {
    let mut cards = bytes.chunks(80).map(String::from_utf8_lossy);
    let found = cards.find(|card| card.split('=').next().map(str::trim_end) == Some(name));
    let found = found.unwrap_or_default();
    let value = found.split('=').nth(1).unwrap_or_default();
    value
        .split('/')
        .next()
        .unwrap_or_default()
        .trim()
        .to_owned()
}

/// Column and row of the first pixel, width and height.
fn place(bytes: &[u8]) -> [usize; 4] {
    let number = |name: &str| value(bytes, name).parse::<f64>().expect(name);
    let corner = [51.0 - number("CRPIX1"), 41.0 - number("CRPIX2")];
    let size = [number("NAXIS1"), number("NAXIS2")];
    let place = [corner[0], corner[1], size[0], size[1]].map(|it| it as usize);
    // The pixels are those of there.
    let end = bytes.chunks(2880).position(|block| {
        let mut cards = block.chunks(80);
        cards.any(|card| card.starts_with(b"END     "))
    });
    let data = &bytes[(end.expect("an end") + 1) * 2880..];
    let [x, y, width, height] = place;
    for (at, pixel) in data.iter().take(width * height).enumerate() {
        let expected = x + at % width + y + at / width;
        assert_eq!(usize::from(*pixel), expected, "pixel {at} of {place:?}");
    }
    place
}

#[test]
fn a_region_gets_the_pixels_it_meets() {
    fn check(at: (f64, f64), region: Region, expected: Option<[usize; 4]>) {
        let bytes = primary(tan(at.0, at.1));
        let found = cut(&bytes, &region).expect("no fault");
        assert_eq!(found.as_deref().map(place), expected, "{region} of {at:?}");
    }
    let whole = Some([0, 0, 100, 80]);
    for at in [
        (150.0, 2.0),
        (0.0, 0.0),
        (359.999, -60.0),
        (77.0, 90.0),
        (10.0, -89.9),
    ] {
        // A position has one pixel, and a small circle those around it.
        check(at, circle(at.0, at.1, 0.0), Some([50, 40, 1, 1]));
        check(at, circle(at.0, at.1, 0.006), Some([49, 39, 3, 3]));
        check(at, circle(at.0, at.1, 0.012), Some([49, 39, 3, 3]));
        // Larger than the image, up to all there is.
        check(at, circle(at.0, at.1, 2.0), whole);
        check(at, circle(at.0, at.1, 180.0), whole);
        // Beyond it, and on the other side of the sky.
        check(
            at,
            circle(at.0, -at.1, 0.001),
            match at.1 {
                0.0 => Some([50, 40, 1, 1]),
                _ => None,
            },
        );
    }
    check((150.0, 2.0), circle(152.0, 2.0, 1.0), None);
    check((150.0, 2.0), circle(330.0, -2.0, 10.0), None);
    let range = |text: &str| Region::parse(text).expect("a region");
    check(
        (0.0, 0.0),
        range("RANGE 359.9952 360.0048 -0.5 0.5"),
        Some([50, 0, 1, 80]),
    );
    check((0.0, 0.0), range("RANGE 0 360 -90 90"), whole);
    check(
        (77.0, 90.0),
        range("RANGE 0 360 89.996 90"),
        Some([50, 40, 1, 1]),
    );
    check(
        (77.0, 90.0),
        range("RANGE 0 360 89.99 90"),
        Some([49, 39, 3, 3]),
    );
    check((77.0, 90.0), range("RANGE 0 360 -90 -89"), None);
    let hole = range("DIFFERENCE (RANGE 0 360 -90 90 CIRCLE 0 0 2)");
    check((0.0, 0.0), hole, None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// The rectangle is the smallest around all pixels that the region meets;
    /// here every pixel is asked.
    #[test]
    fn the_rectangle_is_the_smallest(
        lon in 0.0..360.0f64,
        lat in -90.0..90.0f64,
        east in -0.6..0.6f64,
        north in -0.5..0.5f64,
        size in 0.0..0.3f64,
        thin in any::<bool>(),
    ) {
        let y = (lat + north).clamp(-89.99, 89.99);
        let x = lon + east / y.to_radians().cos();
        let region = match thin {
            false => circle(x, y, size),
            true => Region::box_(x, y, size + 0.001, 0.003).expect("a region"),
        };
        let found = cut(&primary(tan(lon, lat)), &region).expect("no fault");
        let pixels = (0..WIDTH * HEIGHT).filter(|at| {
            let (x, y) = ((at % WIDTH) as f64, (at / WIDTH) as f64);
            let corner = |x: f64, y: f64| sky((lon, lat), x - 50.0, y - 40.0);
            let (a, b) = (corner(x - 0.5, y - 0.5), corner(x - 0.5, y + 0.5));
            let (c, d) = (corner(x + 0.5, y + 0.5), corner(x + 0.5, y - 0.5));
            let pixel = Region::polygon(&[a, b, c, d]).expect("a pixel");
            meets(pixel.shape().as_slice(), region.shape().as_slice())
        });
        let (xs, ys): (Vec<usize>, Vec<usize>) = pixels.map(|at| (at % WIDTH, at / WIDTH)).unzip();
        let expected = xs.iter().min().map(|x| {
            let y = ys.iter().min().copied().unwrap_or_default();
            let most = |of: &[usize]| of.iter().max().copied().unwrap_or_default();
            [*x, y, most(&xs) + 1 - x, most(&ys) + 1 - y]
        });
        prop_assert_eq!(found.as_deref().map(place), expected);
        // And it is in the sky where the region is.
        if expected == Some([0, 0, WIDTH, HEIGHT]) {
            let inner = circle(lon, lat, 0.001);
            prop_assert!(size > 0.2 || contains(region.shape().as_slice(), inner.shape().as_slice()) || thin);
        }
    }
}

/// Where the gnomonic projection at a position has so many hundredths of a
/// degree to the west and the north: in degrees.
fn sky(at: (f64, f64), west: f64, north: f64) -> (f64, f64) {
    let (lon, lat) = (at.0.to_radians(), at.1.to_radians());
    let (x, y) = ((-0.01 * west).to_radians(), (0.01 * north).to_radians());
    let (sin, cos) = lat.sin_cos();
    let down = cos - y * sin;
    let longitude = lon + x.atan2(down);
    let latitude = (sin + y * cos).atan2(x.hypot(down));
    (longitude.to_degrees(), latitude.to_degrees())
}

#[test]
fn hostile_files_are_refused_in_words() {
    #[track_caller]
    fn check(bytes: &[u8], words: &str) {
        let found = cut(bytes, &circle(150.0, 2.0, 0.1));
        let fault = found.map(|_| ()).expect_err(words);
        let said = fault.to_string();
        assert!(
            said.starts_with("UsageError: ") && said.contains(words),
            "{said}"
        );
    }
    let good = primary(tan(150.0, 2.0));
    check(b"", "no FITS file");
    check(b"SIMPLE", "no FITS file");
    check(&[0; 5000], "no FITS file");
    check(&header(&[card("TITLE", "'x'")]), "no FITS file");
    check(&good[..400], "it ends too early");
    let endless = [good[..80].to_vec(), vec![b' '; 2880 * 1001 - 80]].concat();
    check(&endless, "no end");
    check(&good[..2880], "ends before the data");
    check(&good[..good.len() - 2880], "ends before the data");
    let sized = |naxis: &str, first: &str| {
        let mut lines = vec![
            card("SIMPLE", "T"),
            card("BITPIX", 8),
            card("NAXIS", naxis),
            card("NAXIS1", first),
            card("NAXIS2", "4000000000"),
        ];
        lines.extend(tan(150.0, 2.0));
        header(&lines)
    };
    check(&sized("2", "4000000000"), "ends before the data");
    check(
        &sized("2", "9000000000000000000"),
        "a size that no file has",
    );
    check(&sized("2", "-5"), "does not say NAXIS1");
    check(&sized("2", "'many'"), "does not say NAXIS1");
    check(&sized("100000", "1"), "a size that no file has");
    check(&sized("3", "1"), "does not say NAXIS3");
    check(
        &header(&[card("SIMPLE", "T"), card("BITPIX", 8), card("NAXIS", 0)]),
        "where in the sky",
    );
    let with = |name: &str, other: &str| {
        let mut wcs = tan(150.0, 2.0);
        wcs.retain(|line| !line.starts_with(&format!("{name:<8}=")));
        wcs.push(card(name, other));
        primary(wcs)
    };
    check(&with("CTYPE1", "'RA'"), "do not agree");
    check(&with("CTYPE1", "'RA---é'"), "do not agree");
    check(&with("CTYPE2", "'DEC--SIN'"), "do not agree");
    check(&with("CRVAL2", "1E300"), "not in the sky");
    check(&with("CRPIX1", "'one'"), "CRPIX1");
    check(&with("CDELT1", "0"), "along 1 of its axes");
    check(&with("PC1_1", "1E400"), "PC1_1");
    let mut singular = tan(150.0, 2.0);
    singular.extend([card("PC1_2", -1), card("PC2_1", -1)]);
    check(&primary(singular), "no inverse");
    check(&with("PC1_3", "1.0"), "along 3 of its axes");
    check(&with("A_ORDER", "2"), "needs both");
    check(&with("A_ORDER", "2000000000"), "A_ORDER");
    check(&with("CUNIT1", "'m/s'"), "no angle");
    check(&with("D2IMDIS1", "'LOOKUP'"), "D2IMDIS1");
    let seven = String::from_utf8_lossy(&good[..2880]).replace("    8", "    7");
    let seven = [seven.as_bytes(), &good[2880..]].concat();
    check(&seven, "its BITPIX is 7");
}

/// A number that no pixel can be far from changes nothing, and nothing runs
/// forever.
#[test]
fn strange_numbers_end() {
    fn check(name: &str, other: &str) {
        let mut wcs = tan(150.0, 2.0);
        wcs.retain(|line| !line.starts_with(&format!("{name:<8}=")));
        wcs.push(card(name, other));
        // A part, none, or a fault: but an answer.
        let _ = cut(&primary(wcs), &circle(150.0, 2.0, 0.1));
    }
    for name in [
        "CRPIX1", "CRPIX2", "CDELT1", "CRVAL1", "LONPOLE", "LATPOLE", "PC1_2", "CROTA2",
    ] {
        for other in ["1E308", "-1E308", "1E-308", "0", "1E18", "89.99999999"] {
            check(name, other);
        }
    }
}

/// A part of an image in another tile than the one that is broken.
#[test]
fn broken_tiles_are_refused_or_end() {
    let table = |tiles: &[(u32, u32)], more: &[String]| {
        let mut lines = vec![
            card("XTENSION", "'BINTABLE'"),
            card("BITPIX", 8),
            card("NAXIS", 2),
            card("NAXIS1", 8),
            card("NAXIS2", tiles.len()),
            card("PCOUNT", 64),
            card("GCOUNT", 1),
            card("TFIELDS", 1),
            card("TTYPE1", "'COMPRESSED_DATA'"),
            card("TFORM1", "'1PB(64)'"),
            card("ZIMAGE", "T"),
            card("ZCMPTYPE", "'RICE_1'"),
            card("ZBITPIX", 16),
            card("ZNAXIS", 2),
            card("ZNAXIS1", WIDTH),
            card("ZNAXIS2", HEIGHT),
        ];
        lines.extend(tan(150.0, 2.0));
        lines.extend(more.iter().cloned());
        let mut bytes = header(&[card("SIMPLE", "T"), card("BITPIX", 8), card("NAXIS", 0)]);
        bytes.extend(header(&lines));
        let data = bytes.len();
        for (length, place) in tiles {
            bytes.extend(length.to_be_bytes());
            bytes.extend(place.to_be_bytes());
        }
        bytes.extend([0xff; 64]);
        bytes.resize(data + (bytes.len() - data).div_ceil(2880) * 2880, 0);
        bytes
    };
    let region = circle(150.0, 2.0, 0.02);
    let refused = |bytes: &[u8], words: &str| {
        let fault = cut(bytes, &region).map(|_| ()).expect_err(words);
        assert!(fault.to_string().contains(words), "{fault}");
    };
    refused(&table(&[(1, 0); 3], &[]), "80 tiles, and its table has 3");
    refused(&table(&[(1, 0); 80], &[card("ZTILE1", 0)]), "ZTILE1");
    refused(&table(&[(1, 0); 80], &[card("ZTILE2", "-1")]), "ZTILE2");
    let broken = |tiles: &[(u32, u32)]| {
        let bytes = table(tiles, &[]);
        let cutout = Cutout::new(file(&bytes), &region, &[]).expect("no fault");
        let written = cutout.expect("pixels").write(&mut Vec::new());
        assert!(written.is_err(), "{tiles:?}");
    };
    broken(&[(64, 0); 80]);
    broken(&[(0, 0); 80]);
    broken(&[(u32::MAX, 0); 80]);
    broken(&[(64, u32::MAX); 80]);
    broken(&[(64, 1); 80]);
}

#[test]
fn parts_stay_or_go() {
    let table = {
        let mut bytes = header(&[
            card("XTENSION", "'BINTABLE'"),
            card("BITPIX", 8),
            card("NAXIS", 2),
            card("NAXIS1", 4),
            card("NAXIS2", 2),
            card("PCOUNT", 0),
            card("GCOUNT", 1),
            card("TFIELDS", 1),
            card("TFORM1", "'1J'"),
            card("EXTNAME", "'NOTES'"),
        ]);
        bytes.extend(1..=8u8);
        bytes.resize(bytes.len().div_ceil(2880) * 2880, 0);
        bytes
    };
    let extension = |name: &str, wcs: Vec<String>| {
        let mut wcs = wcs;
        wcs.push(card("EXTNAME", format!("'{name}'")));
        image(&card("XTENSION", "'IMAGE'"), wcs)
    };
    let names = |bytes: &[u8]| -> Vec<String> {
        let cards = bytes.chunks(80).map(String::from_utf8_lossy);
        let names = cards.filter(|card| card.starts_with("EXTNAME"));
        names
            .filter_map(|card| Some(card.split('\'').nth(1)?.to_owned()))
            .collect()
    };
    let bytes = [
        primary(tan(20.0, 2.0)),
        extension("A", tan(150.0, 2.0)),
        extension("MASK", vec![]),
        extension("B", tan(160.0, 2.0)),
        extension("OTHER", vec![]),
        table,
    ]
    .concat();
    let out = cut(&bytes, &circle(150.0, 2.0, 0.02))
        .expect("no fault")
        .expect("pixels");
    assert_eq!(names(&out), ["A", "MASK", "NOTES"]);
    // The first has no data any more, and says what is gone.
    assert_eq!(
        (value(&out, "NAXIS"), value(&out, "SIMPLE")),
        ("0".into(), "T".into())
    );
    let text = String::from_utf8_lossy(&out);
    assert!(text.contains("Left out: extension 3 (B)"));
    assert!(out.windows(8).any(|it| it == [1, 2, 3, 4, 5, 6, 7, 8]));
    let out = cut(&bytes, &circle(20.0, 2.0, 0.02))
        .expect("no fault")
        .expect("pixels");
    assert_eq!(names(&out), ["NOTES"]);
}

fn loaded(archive: &Archive, rows: &[(&str, String)]) {
    let mut csv = "obs_publisher_did,obs_id,obs_collection,calib_level,access_url\n".to_owned();
    for (id, url) in rows {
        csv += &format!("ivo://s?{id},{id},soda,2,{url}\n");
    }
    archive.loaded(&csv);
}

#[test]
fn the_service_cuts_what_an_id_names() {
    on_both(|archive| {
        let images = archive.path("images");
        fs::create_dir(&images).expect("a folder");
        let write = |name: &str, bytes: &[u8]| {
            fs::write(images.join(name), bytes).expect("a file");
        };
        let good = primary(tan(150.0, 2.0));
        write("a b.fits", &good);
        write("broken.fits", &good[..2880]);
        fs::write(archive.path("outside.fits"), &good).expect("a file");
        symlink(archive.path("outside.fits"), images.join("link.fits")).expect("a link");
        let url = |name: &str| format!("file://{}/{name}", images.display());
        loaded(
            archive,
            &[
                ("good", url("a%20b.fits")),
                ("broken", url("broken.fits")),
                ("gone", url("gone.fits")),
                ("link", url("link.fits")),
                ("escape", url("../outside.fits")),
                ("web", "https://example.org/x.fits".into()),
                ("nothing", String::new()),
                ("it's", url("a%20b.fits")),
            ],
        );
        let settings = archive.file(
            "soda.toml",
            format!("[soda]\nroots = \"{}\"\n", images.display()),
        );
        let service = archive.serve_with(&["--config", &settings]);
        let ask = |id: &str, region: &[(&str, &str)]| {
            let address = format!("{}/soda/sync", service.base);
            let id = format!("ivo://s?{id}");
            let request = service.client.get(address).query(&[("ID", id.as_str())]);
            let answer = request.query(region).send().expect("an answer");
            let status = answer.status().as_u16();
            let kind = answer.headers().get("content-type");
            let kind = kind.map(|it| it.to_str().unwrap_or_default().to_owned());
            let length = answer.content_length();
            let bytes = answer.bytes().expect("bytes").to_vec();
            if status == 200 {
                assert_eq!(length, Some(bytes.len() as u64));
            }
            (status, kind.unwrap_or_default(), bytes)
        };
        let circle = [("CIRCLE", "150 2 0.012")];
        for id in ["good", "it's"] {
            let (status, kind, bytes) = ask(id, &circle);
            assert_eq!((status, kind.as_str()), (200, "application/fits"), "{id}");
            assert_eq!(place(&bytes), [49, 39, 3, 3]);
        }
        let (status, _, bytes) = ask("good", &[]);
        assert!(status == 200 && bytes == good);
        let (status, _, bytes) = ask("good", &[("POS", "CIRCLE 10 10 1")]);
        assert!(status == 204 && bytes.is_empty());
        let refused = |id: &str, region: &[(&str, &str)], expected: u16, begin: &str| {
            let (status, kind, bytes) = ask(id, region);
            let text = String::from_utf8_lossy(&bytes).into_owned();
            assert_eq!(status, expected, "{id}: {text}");
            assert_eq!(kind, "text/plain;charset=utf-8");
            assert!(text.starts_with(begin), "{id}: {text}");
            assert!(!text.contains("images"), "{id} tells a path: {text}");
        };
        refused("nobody", &circle, 404, "UsageError: there is no dataset");
        refused(
            "'; DROP TABLE x --",
            &circle,
            404,
            "UsageError: there is no dataset",
        );
        refused(
            "gone",
            &circle,
            404,
            "UsageError: the file of the dataset is not there",
        );
        refused(
            "broken",
            &circle,
            422,
            "UsageError: the primary image: the file ends",
        );
        for id in ["link", "escape", "web", "nothing"] {
            refused(id, &circle, 422, "UsageError: the");
        }
        refused("good", &[("CIRCLE", "1 2")], 400, "UsageError: CIRCLE");
        let two = [("CIRCLE", "1 2 3"), ("CIRCLE", "1 2 4")];
        refused("good", &two, 400, "MultiValuedParamNotSupported");
        for path in ["capabilities", "availability"] {
            let answer = service
                .client
                .get(format!("{}/soda/{path}", service.base))
                .send();
            let text = answer.expect("an answer").text().expect("text");
            assert!(
                text.contains("SODA#sync-1.0") || text.contains("available>true"),
                "{text}"
            );
        }
    });
}

/// With one place for cut-outs, who leaves early must not keep it.
#[test]
fn who_leaves_makes_room() {
    on_both(|archive| {
        let path = archive.path("large.fits");
        let mut lines = vec![
            card("SIMPLE", "T"),
            card("BITPIX", 8),
            card("NAXIS", 2),
            card("NAXIS1", 20_000),
            card("NAXIS2", 20_000),
        ];
        lines.extend(tan(150.0, 2.0));
        let mut large = File::create(&path).expect("a file");
        large.write_all(&header(&lines)).expect("room");
        // Nobody needs its zeros on a disk.
        large.set_len(20_000 * 20_000 + 2 * 2880).expect("room");
        loaded(archive, &[("large", format!("file://{}", path.display()))]);
        let roots = path.parent().expect("a folder").display().to_string();
        let settings = format!("[soda]\nroots = \"{roots}\"\nconcurrent = 1\n");
        let settings = archive.file("soda.toml", settings);
        let service = archive.serve_with(&["--config", &settings]);
        let address = format!("{}/soda/sync", service.base);
        let ask = |radius: &str| {
            let region = format!("150 2 {radius}");
            let request = service.client.get(&address);
            let request = request.query(&[("ID", "ivo://s?large"), ("CIRCLE", &region)]);
            request.send().expect("an answer")
        };
        let before = service.resident_kilobytes();
        for _ in 0..3 {
            let mut whole = ask("90");
            assert_eq!(whole.status(), 200);
            let mut begin = [0; 10_000];
            std::io::Read::read_exact(&mut whole, &mut begin).expect("its beginning");
            drop(whole);
        }
        let part = ask("0.1");
        assert_eq!(part.status(), 200);
        assert_eq!(value(&part.bytes().expect("bytes"), "NAXIS1"), "21");
        // The image has 400 MB.
        assert!(service.resident_kilobytes() < before + 60_000);
    });
}
