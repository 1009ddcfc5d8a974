//! Keys on the NIST curves: ECDSA signatures, and ECDH for key agreement.

use std::sync::OnceLock;

use const_oid::ObjectIdentifier;
use openssl::bn::{BigNum, BigNumContext};
use openssl::derive::Deriver;
use openssl::ec::{EcGroup, EcGroupRef, EcKey, EcPoint, PointConversionForm};
use openssl::ecdsa::EcdsaSig;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private, Public};
use rand_core::RngCore;

use super::{PublicKey, Spki};
use crate::error::{Error, Result};
use crate::suite::Digest;
use crate::tlv::tag;
use crate::{oid, write};

/// A curve of FIPS 186.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Curve {
    /// secp256r1.
    P256,
    /// secp384r1.
    P384,
    /// secp521r1.
    P521,
}

struct Row {
    curve: Curve,
    name: &'static str,
    oid: ObjectIdentifier,
    nid: Nid,
    bits: u32,
    group: OnceLock<EcGroup>,
}

static CURVES: [Row; 3] = [
    Row {
        curve: Curve::P256,
        name: "P-256",
        oid: oid::P256,
        nid: Nid::X9_62_PRIME256V1,
        bits: 256,
        group: OnceLock::new(),
    },
    Row {
        curve: Curve::P384,
        name: "P-384",
        oid: oid::P384,
        nid: Nid::SECP384R1,
        bits: 384,
        group: OnceLock::new(),
    },
    Row {
        curve: Curve::P521,
        name: "P-521",
        oid: oid::P521,
        nid: Nid::SECP521R1,
        bits: 521,
        group: OnceLock::new(),
    },
];

impl Curve {
    fn row(self) -> &'static Row {
        // Every variant has its row, in the order of the variants.
        &CURVES[self as usize]
    }

    /// The curve of a namedCurve.
    #[must_use]
    pub fn from_oid(oid: ObjectIdentifier) -> Option<Self> {
        CURVES.iter().find(|row| row.oid == oid).map(|row| row.curve)
    }

    /// Its name in FIPS 186: `P-256`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Size of its field in bits.
    #[must_use]
    pub fn bits(self) -> u32 {
        self.row().bits
    }

    /// Made once: it costs more than a signature check.
    fn group(self) -> Result<&'static EcGroupRef> {
        let row = self.row();
        if let Some(group) = row.group.get() {
            return Ok(group);
        }
        let group = EcGroup::from_curve_name(row.nid)?;
        Ok(row.group.get_or_init(|| group))
    }
}

/// A point on a curve with the SubjectPublicKeyInfo that it came from.
#[derive(Clone)]
pub struct EcPublicKey {
    spki: Vec<u8>,
    curve: Curve,
    key: EcKey<Public>,
}

impl std::fmt::Debug for EcPublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EcPublicKey({})", self.curve.name())
    }
}

impl PartialEq for EcPublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.spki == other.spki
    }
}

impl Eq for EcPublicKey {}

impl EcPublicKey {
    pub(super) fn read(spki: Spki<'_>) -> Result<Self> {
        let parameters = spki
            .parameters
            .ok_or_else(|| spki.key.malformed("EC public key", "expected a namedCurve, got no parameters"))?
            .expect("EC public key namedCurve (RFC 5480 2.1.1)", tag::OID)?;
        let curve = ObjectIdentifier::from_bytes(parameters.content())
            .map_err(|e| parameters.malformed("EC public key", e.to_string()))?;
        let curve = Curve::from_oid(curve)
            .ok_or_else(|| Error::Unsupported { what: "curve", actual: oid::name(curve) })?;
        let key = point(curve, spki.bits())
            .map_err(|_| spki.key.malformed("EC public key", format!("no point of {}", curve.name())))?;
        Ok(Self { spki: spki.whole.to_vec(), curve, key })
    }

    /// The point in the octets, on a curve that is known otherwise: the originator of a key agreement.
    ///
    /// # Errors
    /// When they are no point of the curve.
    pub(crate) fn from_point(curve: Curve, octets: &[u8]) -> Result<Self> {
        let parameters = write::oid(curve.row().oid);
        let spki = write::sequence(&[
            &write::algorithm(oid::EC_PUBLIC_KEY, Some(&parameters)),
            &write::bit_string(octets),
        ]);
        Ok(Self { spki, curve, key: point(curve, octets)? })
    }

    /// SubjectPublicKeyInfo, DER.
    #[must_use]
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// The curve.
    #[must_use]
    pub fn curve(&self) -> Curve {
        self.curve
    }

    /// The point, uncompressed.
    pub(crate) fn point(&self) -> Result<Vec<u8>> {
        uncompressed(self.curve, self.key.public_key())
    }

    pub(super) fn verifies(&self, digest: Digest, octets: &[u8], signature: &[u8]) -> bool {
        let check =
            || -> Result<bool> { Ok(EcdsaSig::from_der(signature)?.verify(&digest.of(octets)?, &self.key)?) };
        check().unwrap_or(false)
    }

    /// A new key on the same curve, from `rng`, and the secret that it shares with this one (SEC 1 3.3.1):
    /// the point of the new key, uncompressed, and the x coordinate.
    ///
    /// # Errors
    /// When the cryptographic library fails.
    pub(crate) fn agree(&self, rng: &mut dyn RngCore) -> Result<(Vec<u8>, Vec<u8>)> {
        let ephemeral = EcPrivateKey::random(self.curve, rng)?;
        let PublicKey::Ec(public) = &ephemeral.public else {
            return Err(Error::Crypto("a new key on a curve is of another kind".to_owned()));
        };
        Ok((public.point()?, ephemeral.agree(self)?))
    }
}

fn point(curve: Curve, octets: &[u8]) -> Result<EcKey<Public>> {
    let group = curve.group()?;
    // Not through OpenSSL 3's decoder, see the RSA keys. The library refuses points off the curve.
    let mut context = BigNumContext::new()?;
    let point = EcPoint::from_bytes(group, octets, &mut context)?;
    if point.is_infinity(group) {
        return Err(Error::WrongKey { what: "the point at infinity" });
    }
    Ok(EcKey::from_public_key(group, &point)?)
}

fn uncompressed(curve: Curve, point: &openssl::ec::EcPointRef) -> Result<Vec<u8>> {
    let mut context = BigNumContext::new()?;
    Ok(point.to_bytes(curve.group()?, PointConversionForm::UNCOMPRESSED, &mut context)?)
}

/// A multiplier on a curve.
#[derive(Clone)]
pub struct EcPrivateKey {
    key: EcKey<Private>,
    public: PublicKey,
    curve: Curve,
}

impl std::fmt::Debug for EcPrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EcPrivateKey({}, redacted)", self.curve.name())
    }
}

impl EcPrivateKey {
    pub(super) fn new(key: EcKey<Private>) -> Result<Self> {
        let nid = key.group().curve_name();
        let row = CURVES.iter().find(|row| Some(row.nid) == nid).ok_or_else(|| Error::Unsupported {
            what: "curve",
            actual: nid.and_then(|nid| nid.short_name().ok()).unwrap_or("without a name").to_owned(),
        })?;
        let octets = uncompressed(row.curve, key.public_key())?;
        let public = PublicKey::Ec(EcPublicKey::from_point(row.curve, &octets)?);
        Ok(Self { key, public, curve: row.curve })
    }

    /// A new key, from `rng`: FIPS 186-5 A.2.1, with 64 bits more than the order has.
    fn random(curve: Curve, rng: &mut dyn RngCore) -> Result<Self> {
        let group = curve.group()?;
        let mut context = BigNumContext::new()?;
        let (mut order, one) = (BigNum::new()?, BigNum::from_u32(1)?);
        group.order(&mut order, &mut context)?;
        let mut octets = vec![0; curve.bits().div_ceil(8) as usize + 8];
        rng.fill_bytes(&mut octets);
        let (mut below, mut rest, mut secret) = (BigNum::new()?, BigNum::new()?, BigNum::new()?);
        below.checked_sub(&order, &one)?;
        let octets = BigNum::from_slice(&octets)?;
        rest.nnmod(&octets, &below, &mut context)?;
        secret.checked_add(&rest, &one)?;
        let mut point = EcPoint::new(group)?;
        point.mul_generator2(group, &secret, &mut context)?;
        Self::new(EcKey::from_private_components(group, &secret, &point)?)
    }

    pub(super) fn inner(&self) -> &EcKey<Private> {
        &self.key
    }

    pub(super) fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The curve.
    #[must_use]
    pub fn curve(&self) -> Curve {
        self.curve
    }

    pub(super) fn sign(&self, digest: Digest, octets: &[u8]) -> Result<Vec<u8>> {
        Ok(EcdsaSig::sign(&digest.of(octets)?, &self.key)?.to_der()?)
    }

    /// The secret that it shares with a public key on the same curve (SEC 1 3.3.1): the x coordinate.
    ///
    /// # Errors
    /// When the curves differ, or the cryptographic library fails.
    pub(crate) fn agree(&self, peer: &EcPublicKey) -> Result<Vec<u8>> {
        if self.curve != peer.curve {
            return Err(Error::WrongKey { what: "key agreement" });
        }
        let (own, peer) = (PKey::from_ec_key(self.key.clone())?, PKey::from_ec_key(peer.key.clone())?);
        let mut deriver = Deriver::new(&own)?;
        deriver.set_peer(&peer)?;
        Ok(deriver.derive_to_vec()?)
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::{CURVES, EcPrivateKey, EcPublicKey};
    use crate::key::PublicKey;

    #[test]
    fn both_sides_agree_and_a_seed_makes_the_same_key() {
        for (i, row) in CURVES.iter().enumerate() {
            assert_eq!(row.curve as usize, i);
            let key = EcPrivateKey::random(row.curve, &mut ChaCha20Rng::seed_from_u64(1)).unwrap();
            let PublicKey::Ec(public) = &key.public else { panic!() };
            let (point, secret) = public.agree(&mut ChaCha20Rng::seed_from_u64(2)).unwrap();
            assert_eq!(public.agree(&mut ChaCha20Rng::seed_from_u64(2)).unwrap().0, point);
            let originator = EcPublicKey::from_point(row.curve, &point).unwrap();
            assert_eq!(key.agree(&originator).unwrap(), secret);
            assert_eq!(secret.len(), row.bits.div_ceil(8) as usize);
        }
    }

    #[test]
    fn what_is_no_point_of_the_curve_is_refused() {
        for octets in [vec![], vec![0], vec![4; 65], [&[2], [0xff; 32].as_slice()].concat()] {
            assert!(EcPublicKey::from_point(super::Curve::P256, &octets).is_err(), "{octets:?}");
        }
    }
}
