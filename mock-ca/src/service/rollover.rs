//! The authority's own life: its next generation is prepared, announced, and takes over, RFC 8894 2.6, 4.7
//! and 5.1.
//!
//! ```text
//!  prepare: GetNextCACert tells of the next CA; who envelopes to it is issued under it
//!  switch:  the next CA issues; the one before it still opens requests, and has its CRL
//! ```

use super::{OperatorError, Service};
use crate::authority;
use crate::store::{Changed, Generation, Standing};

impl Service {
    /// Makes the next generation of the authority.
    ///
    /// # Errors
    /// When there is one already, its keys cannot be made, or the store fails.
    pub fn prepare_next(&self) -> Result<(), OperatorError> {
        let (_, known) = self.store.generations()?;
        let Some(last) = known.iter().max_by_key(|generation| generation.number) else {
            return Err(OperatorError::Rollover("there is no current CA"));
        };
        if last.standing == Standing::Next {
            return Err(OperatorError::Rollover("a next CA is prepared already"));
        }
        let mut rng = self.memory().fork_rng();
        let next = authority::next(&self.ca, last, self.clock.now(), &mut rng)?;
        taken(self.store.prepare(&next)?)?;
        self.audit("prepare-next-ca", &format!("generation {}", next.number), "");
        Ok(())
    }

    /// Lets the next generation take over.
    ///
    /// # Errors
    /// When none is prepared, or the store fails.
    pub fn switch_to_next(&self) -> Result<(), OperatorError> {
        taken(self.store.switch()?)?;
        self.audit("switch-ca", "the next generation", "");
        Ok(())
    }

    /// All generations, the first one first.
    ///
    /// # Errors
    /// When the store fails.
    pub fn generations(&self) -> Result<Vec<Generation>, OperatorError> {
        Ok(self.store.generations()?.1)
    }
}

fn taken(changed: Changed) -> Result<(), OperatorError> {
    match changed {
        Changed::Done => Ok(()),
        Changed::Refused(why) => Err(OperatorError::Rollover(why)),
    }
}
