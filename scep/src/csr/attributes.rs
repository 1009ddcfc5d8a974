//! The attributes of a request: challengePassword, and requested extensions under any of the identifiers
//! that devices have used for them.

use const_oid::ObjectIdentifier;

use crate::certificate::{Extension, read_extensions};
use crate::cms::read_oid;
use crate::error::Result;
use crate::finding::{Finding, Rule};
use crate::text::{StringType, Text};
use crate::tlv::{Tlv, tag};
use crate::{limits, oid};

/// The attribute types that hold requested extensions: PKCS#9's, Microsoft's, VeriSign's.
pub const EXTENSION_REQUESTS: &[ObjectIdentifier] =
    &[oid::EXTENSION_REQUEST, oid::MS_EXTENSION_REQUEST, oid::OLD_EXTENSION_REQUEST];

/// What the attributes say.
#[derive(Debug, Default)]
pub(super) struct Attributes {
    pub(super) types: Vec<ObjectIdentifier>,
    pub(super) challenge: Option<Text>,
    pub(super) extensions: Vec<Extension>,
}

impl Attributes {
    /// Reads the members of the `[0]` fields.
    pub(super) fn read(fields: &[Tlv<'_>], findings: &mut Vec<Finding>) -> Result<Self> {
        let mut all = Self::default();
        for field in fields.iter().filter(|field| field.tag == tag::context(0)) {
            for attribute in field.members()? {
                let count = all.types.len() + 1;
                limits::at_most(limits::ATTRIBUTES, "attributes", count, field, "PKCS#10 attributes")?;
                all.add(&attribute, findings)?;
            }
        }
        Ok(all)
    }

    fn add(&mut self, attribute: &Tlv<'_>, findings: &mut Vec<Finding>) -> Result<()> {
        const WHAT: &str = "PKCS#10 attribute";
        let members = attribute.expect(WHAT, tag::SEQUENCE)?.members()?;
        let [id, values] = members.as_slice() else {
            return Err(attribute.malformed(WHAT, "expected type and values"));
        };
        let oid = read_oid(id, WHAT)?;
        if self.types.contains(&oid) {
            findings.push(Finding {
                rule: Rule::DuplicateAttribute,
                at: attribute.place(),
                detail: format!("{} occurs again", oid::name(oid)),
            });
        }
        self.types.push(oid);
        let count = values.members()?.len();
        limits::at_most(limits::ATTRIBUTE_VALUES, "values", count, values, WHAT)?;
        let is_known = oid == oid::CHALLENGE_PASSWORD || EXTENSION_REQUESTS.contains(&oid);
        if is_known && count != 1 {
            findings.push(Finding {
                rule: Rule::AttributeValueCount,
                at: attribute.place(),
                detail: format!("{}: expected one value, got {count}", oid::name(oid)),
            });
        }
        if oid == oid::CHALLENGE_PASSWORD {
            if let Some(value) = values.members()?.first() {
                self.challenge(value, findings)?;
            }
        } else if EXTENSION_REQUESTS.contains(&oid) {
            self.extensions(values, findings)?;
        }
        Ok(())
    }

    /// The first challengePassword counts: what a later one is for, nobody says.
    fn challenge(&mut self, value: &Tlv<'_>, findings: &mut Vec<Finding>) -> Result<()> {
        let text = Text::read(value, findings)?;
        // RFC 2985 5.4.1: a DirectoryString.
        if matches!(text.kind(), None | Some(StringType::Ia5 | StringType::Numeric | StringType::Visible)) {
            findings.push(Finding {
                rule: Rule::AttributeType,
                at: value.place(),
                detail: format!("challengePassword: expected a DirectoryString, got {}", text.type_name()),
            });
        }
        self.challenge.get_or_insert(text);
        Ok(())
    }

    fn extensions(&mut self, values: &Tlv<'_>, findings: &mut Vec<Finding>) -> Result<()> {
        for extension in read_extensions(values)? {
            let count = self.extensions.len() + 1;
            limits::at_most(limits::EXTENSIONS, "extensions", count, values, "PKCS#10 attribute")?;
            if self.extensions.iter().any(|known| known.oid == extension.oid) {
                findings.push(Finding {
                    rule: Rule::UnexpectedStructure,
                    at: values.place(),
                    detail: format!("requested extension {} occurs again", oid::name(extension.oid)),
                });
            }
            self.extensions.push(extension);
        }
        Ok(())
    }
}
