//! A certificate made on the spot: self-signed, for the names of this machine or for others.

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OBJECT: u8 = 0x06;
const UTF8: u8 = 0x0c;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// Context-specific, primitive and constructed.
const CONTEXT: u8 = 0x80;
const CONTEXT_OF: u8 = 0xa0;

const ECDSA_WITH_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const PRIME256V1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];

/// A value with its tag and length (X.690, section 8.1).
fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut bytes = vec![tag];
    match u8::try_from(content.len()) {
        Ok(length) if length < 0x80 => bytes.push(length),
        Ok(length) => bytes.extend([0x81, length]),
        Err(_) => {
            let length = u16::try_from(content.len()).unwrap();
            bytes.push(0x82);
            bytes.extend(length.to_be_bytes());
        }
    }
    bytes.extend(content);
    bytes
}

/// A certificate for a DNS name and 127.0.0.1 unless the name is another machine's, and its key.
pub(super) fn make(name: &str) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    let key = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap();

    let signature_algorithm = der(SEQUENCE, &[&der(OBJECT, &[ECDSA_WITH_SHA256])]);
    let common_name =
        der(SEQUENCE, &[&der(OBJECT, &[COMMON_NAME]), &der(UTF8, &[name.as_bytes()])]);
    let distinguished = der(SEQUENCE, &[&der(SET, &[&common_name])]);
    let validity = der(
        SEQUENCE,
        &[&der(UTC_TIME, &[b"200101000000Z"]), &der(GENERALIZED_TIME, &[b"20990101000000Z"])],
    );
    let curve = der(SEQUENCE, &[&der(OBJECT, &[EC_PUBLIC_KEY]), &der(OBJECT, &[PRIME256V1])]);
    let point = der(BIT_STRING, &[&[0], key.public_key().as_ref()]);
    let mut names = der(CONTEXT | 2, &[name.as_bytes()]);
    if name == "localhost" {
        names.extend(der(CONTEXT | 7, &[&[127, 0, 0, 1]]));
    }
    let names = der(OCTET_STRING, &[&der(SEQUENCE, &[&names])]);
    let extension = der(SEQUENCE, &[&der(OBJECT, &[SUBJECT_ALT_NAME]), &names]);
    let body = der(
        SEQUENCE,
        &[
            &der(CONTEXT_OF, &[&der(INTEGER, &[&[2]])]),
            &der(INTEGER, &[&[1]]),
            &signature_algorithm,
            &distinguished,
            &validity,
            &distinguished,
            &der(SEQUENCE, &[&curve, &point]),
            &der(CONTEXT_OF | 3, &[&der(SEQUENCE, &[&extension])]),
        ],
    );
    let signature = key.sign(&random, &body).unwrap();
    let signed = der(BIT_STRING, &[&[0], signature.as_ref()]);
    let certificate = der(SEQUENCE, &[&body, &signature_algorithm, &signed]);
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(pkcs8.as_ref().to_vec()));
    (CertificateDer::from(certificate), key)
}
