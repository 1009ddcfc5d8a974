//! The tree as text: places in front, names indented by layer, findings at the end.

use std::fmt::{self, Display, Formatter};

use super::findings::Departure;
use super::form::Form;
use super::tree::Node;
use super::{Decoded, Item};
use crate::report::printable::one_line;

impl Display for Decoded {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match (self.form, self.items.len()) {
            (Form::Pem, count) if count != 1 => {
                writeln!(f, "read as: PEM of {count} blocks, {} bytes", self.octets)?;
            }
            (Form::Http, count) if count != 1 => {
                writeln!(f, "read as: HTTP of {count} messages, {} bytes", self.octets)?;
            }
            (form, _) => writeln!(f, "read as: {form} of {} bytes", self.octets)?,
        }
        self.items.iter().try_for_each(|item| write!(f, "\n{item}"))
    }
}

impl Display for Item {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(label) = &self.label {
            writeln!(f, "{}", one_line(label))?;
        }
        print(f, &self.tree, 0, width(&self.tree))?;
        if self.findings.is_empty() {
            return writeln!(f, "\nfindings: none");
        }
        writeln!(f, "\nfindings: {}", self.findings.len())?;
        self.findings.iter().try_for_each(|finding| write!(f, "{finding}"))
    }
}

impl Display for Departure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let place = self.at.map(|at| format!(" {at}")).unwrap_or_default();
        writeln!(f, "  {}{place}", self.rule)?;
        writeln!(f, "    {}", one_line(&self.detail))?;
        let requirements = match self.requirements.as_slice() {
            [] => format!("none{}", self.no_requirement.map(|why| format!(" ({why})")).unwrap_or_default()),
            ids => ids.join(", "),
        };
        writeln!(f, "    rule: {}; requirement: {requirements}", self.source)
    }
}

/// Columns that the places of a tree take.
fn width(node: &Node) -> usize {
    let own = node.at.map_or(0, |at| at.to_string().len());
    node.children.iter().map(width).fold(own, usize::max)
}

fn print(f: &mut Formatter<'_>, node: &Node, depth: usize, width: usize) -> fmt::Result {
    let place = node.at.map(|at| at.to_string()).unwrap_or_default();
    write!(f, "{place:<width$}  {:indent$}{}", "", one_line(&node.name), indent = depth * 2)?;
    match &node.value {
        Some(value) if !value.is_empty() => writeln!(f, "  {}", one_line(value))?,
        _ => writeln!(f)?,
    }
    node.children.iter().try_for_each(|child| print(f, child, depth + 1, width))
}
