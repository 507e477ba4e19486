//! Until when certificates are good. Only that is read here; whether they are trusted is for rustls to say.

use crate::time::Timestamp;
use rustls::pki_types::{CertificateDer, pem::PemObject};

/// The end of each certificate in this PEM text, in its order; those that cannot be read are left out.
pub fn ends_in(pem: &[u8]) -> Vec<Timestamp> {
    CertificateDer::pem_slice_iter(pem).filter_map(Result::ok).filter_map(|der| end_of(&der)).collect()
}

/// `notAfter` of an X.509 certificate in DER (RFC 5280, 4.1.2.5); none for what is no certificate.
pub fn end_of(der: &[u8]) -> Option<Timestamp> {
    let (_, certificate, _) = element(der)?;
    let (_, mut body, _) = element(certificate)?;
    // The version is optional; serial number, algorithm and issuer come before the validity.
    if body.first() == Some(&0xa0) {
        body = element(body)?.2;
    }
    for _ in 0..3 {
        body = element(body)?.2;
    }
    let (_, validity, _) = element(body)?;
    let (_, _, rest) = element(validity)?;
    let (tag, text, _) = element(rest)?;
    let text = std::str::from_utf8(text).ok()?;
    // UTCTime has two digits for the year, those below 50 of this century; GeneralizedTime has four.
    let (year, rest) = match tag {
        0x17 => {
            let year: i32 = text.get(..2)?.parse().ok()?;
            (if year < 50 { 2_000 + year } else { 1_900 + year }, text.get(2..)?)
        }
        0x18 => (text.get(..4)?.parse().ok()?, text.get(4..)?),
        _ => return None,
    };
    let part = |from: usize| rest.get(from..from + 2);
    let (month, day, hour, minute, second) = (part(0)?, part(2)?, part(4)?, part(6)?, part(8)?);
    Timestamp::parse(&format!("{year:04}-{month}-{day}T{hour}:{minute}:{second}Z"))
}

/// Tag and content of the first element, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match *first {
        short @ 0..=0x7f => (usize::from(short), rest),
        long @ 0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
            (bytes.iter().fold(0, |length, byte| (length << 8) | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_certificate_is_read_and_nonsense_is_not() {
        let pem = include_bytes!("../../tests/fixtures/tls/ca.pem");
        let ends = ends_in(pem);
        assert_eq!(ends.len(), 1);
        assert!(ends[0] > Timestamp::from_millis(1_795_435_200_000), "{}", ends[0].rfc3339());
        assert!(ends_in(b"no certificate").is_empty());
        let der = CertificateDer::pem_slice_iter(pem).next().unwrap().unwrap();
        for end in 0..der.len().min(400) {
            // Cut anywhere: none, and no panic.
            assert_eq!(end_of(&der[..end]), None);
        }
    }
}
