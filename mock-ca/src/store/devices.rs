//! Registered devices in the store: one to an id, whatever its letter case.

use super::engine::{Kind, Result};
use super::preregistrations::remove;
use super::{Page, Store, document};
use crate::device::Device;
use crate::preregistration::ClientName;

impl Store {
    /// Puts a device in; false when there is one of its id.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn register(&self, device: &Device) -> Result<bool> {
        let name = device.name();
        self.change(|tables| {
            if tables.document(Kind::Device, name.text())?.is_some() {
                return Ok(false);
            }
            document::write(tables, Kind::Device, name.text(), device)?;
            Ok(true)
        })
    }

    /// Puts a device in, in place of the one of its id; false when there is none.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn replace_device(&self, device: &Device) -> Result<bool> {
        let name = device.name();
        self.change(|tables| {
            if tables.document(Kind::Device, name.text())?.is_none() {
                return Ok(false);
            }
            document::write(tables, Kind::Device, name.text(), device)?;
            Ok(true)
        })
    }

    /// The device of that id.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn device(&self, id: &ClientName) -> Result<Option<Device>> {
        self.look(|tables| document::read(tables, Kind::Device, id.text()))
    }

    /// Devices in the order of their ids, those of which a field contains the page's text, whatever its
    /// letter case.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn devices(&self, page: &Page<'_>) -> Result<Vec<Device>> {
        let text = page.contains.trim().to_lowercase();
        let is_wanted = |_: &str, device: &Device| {
            let form = &device.form;
            [&form.id, &form.manufacturer, &form.device_type, &form.model, &form.description]
                .iter()
                .any(|field| field.to_lowercase().contains(&text))
        };
        self.look(|tables| super::search(tables, Kind::Device, page, is_wanted))
    }

    /// Takes a device out; false when there is none of that id.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn remove_device(&self, id: &ClientName) -> Result<bool> {
        self.change(|tables| remove(tables, Kind::Device, id.text()))
    }
}
