//! Content-Encoding: answers compressed for clients that ask for it (RFC 9110
//! section 12.5.3), chunk by chunk, so that none waits for the next.

use std::io::{self, Write};
use std::mem;

use actix_web::web::Bytes;
use flate2::write::GzEncoder;

/// Both at their fastest: an answer should leave at the speed of the wire.
const GZIP_LEVEL: flate2::Compression = flate2::Compression::fast();
const ZSTD_LEVEL: i32 = 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Identity,
    Gzip,
    Zstd,
}

impl Encoding {
    /// What Accept-Encoding wants most; nothing unless it names it. Of what it
    /// wants equally, zstd, which is faster and smaller.
    pub fn accepted(header: Option<&str>) -> Encoding {
        let mut best = (Encoding::Identity, 0.0);
        for range in header.unwrap_or_default().split(',') {
            let (name, weight) = match range.split_once(';') {
                Some((name, weight)) => {
                    let weight = weight.trim().strip_prefix("q=").map(str::trim);
                    (name, weight.and_then(|q| q.parse().ok()).unwrap_or(0.0))
                }
                None => (range, 1.0),
            };
            let encoding = match name.trim().to_ascii_lowercase().as_str() {
                "gzip" | "x-gzip" => Encoding::Gzip,
                "zstd" => Encoding::Zstd,
                "identity" => Encoding::Identity,
                _ => continue,
            };
            if weight > best.1 || weight == best.1 && weight > 0.0 && encoding == Encoding::Zstd {
                best = (encoding, weight);
            }
        }
        best.0
    }

    /// The value of Content-Encoding, where there must be one.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Encoding::Identity => None,
            Encoding::Gzip => Some("gzip"),
            Encoding::Zstd => Some("zstd"),
        }
    }
}

/// Compresses a body.
pub enum Compressor {
    Identity,
    Gzip(GzEncoder<Vec<u8>>),
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
}

impl Compressor {
    pub fn new(encoding: Encoding) -> io::Result<Compressor> {
        Ok(match encoding {
            Encoding::Identity => Compressor::Identity,
            Encoding::Gzip => Compressor::Gzip(GzEncoder::new(Vec::new(), GZIP_LEVEL)),
            Encoding::Zstd => {
                Compressor::Zstd(zstd::stream::write::Encoder::new(Vec::new(), ZSTD_LEVEL)?)
            }
        })
    }

    /// The chunk, whole, as it is to be sent.
    pub fn chunk(&mut self, bytes: Bytes) -> io::Result<Bytes> {
        match self {
            Compressor::Identity => Ok(bytes),
            Compressor::Gzip(encoder) => {
                encoder.write_all(&bytes)?;
                encoder.flush()?;
                Ok(mem::take(encoder.get_mut()).into())
            }
            Compressor::Zstd(encoder) => {
                encoder.write_all(&bytes)?;
                encoder.flush()?;
                Ok(mem::take(encoder.get_mut()).into())
            }
        }
    }

    /// What ends the body; without it the client sees that it was broken off.
    pub fn end(self) -> io::Result<Bytes> {
        match self {
            Compressor::Identity => Ok(Bytes::new()),
            Compressor::Gzip(encoder) => Ok(encoder.finish()?.into()),
            Compressor::Zstd(encoder) => Ok(encoder.finish()?.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn nothing_is_compressed_unasked() {
        fn check(header: &str, expected: Encoding) {
            assert_eq!(Encoding::accepted(Some(header)), expected, "{header}");
        }
        assert_eq!(Encoding::accepted(None), Encoding::Identity);
        check("", Encoding::Identity);
        check("*", Encoding::Identity);
        check("br", Encoding::Identity);
        check("identity", Encoding::Identity);
        check("gzip", Encoding::Gzip);
        check("gzip, deflate, br, zstd", Encoding::Zstd);
        check("zstd, gzip", Encoding::Zstd);
        check("gzip;q=1.0, zstd;q=0.5", Encoding::Gzip);
        check("gzip;q=0, identity", Encoding::Identity);
        check("identity;q=1, gzip;q=0.5", Encoding::Identity);
        check("GZIP; q=0.3", Encoding::Gzip);
    }

    #[test]
    fn chunks_leave_at_once_and_the_whole_comes_back() {
        let chunks = [&b"one "[..], b"two ", b"three"];
        for encoding in [Encoding::Identity, Encoding::Gzip, Encoding::Zstd] {
            let mut compressor = Compressor::new(encoding).unwrap();
            let mut sent = Vec::new();
            for chunk in chunks {
                let bytes = compressor.chunk(Bytes::from_static(chunk)).unwrap();
                assert!(!bytes.is_empty());
                sent.extend_from_slice(&bytes);
            }
            sent.extend_from_slice(&compressor.end().unwrap());
            let mut text = String::new();
            match encoding {
                Encoding::Identity => text = String::from_utf8(sent).unwrap(),
                Encoding::Gzip => {
                    let mut reader = flate2::read::GzDecoder::new(sent.as_slice());
                    reader.read_to_string(&mut text).unwrap();
                }
                Encoding::Zstd => {
                    text = String::from_utf8(zstd::decode_all(sent.as_slice()).unwrap()).unwrap();
                }
            }
            assert_eq!(text, "one two three", "{encoding:?}");
        }
    }
}
