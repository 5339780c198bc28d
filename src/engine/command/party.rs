//! Parties: their names and legal forms.

use crate::model::caller::{Act, Target};
use crate::model::event::Event;
use crate::model::party::Party;

use super::super::error::PartyError;
use super::super::{Call, Engine, Written};
use super::loss::losses_by_form;

impl Engine {
    /// Writes a party's name and legal form. Delegations through a business manager may lose packages by a new form.
    pub fn put_party(&self, call: &Call, party: Party) -> Result<Written<()>, PartyError> {
        let by = call.by.clone();
        self.write(call, move |state| {
            state.authorise(&by, Act::PutParty, &Target::Party(party.org))?;
            if state
                .parties
                .get(&party.org)
                .is_some_and(|known| **known == party)
            {
                return Ok((None, ()));
            }
            let lost = losses_by_form(state, &party);
            Ok((Some(Event::PartyPut { party, lost }), ()))
        })
    }
}
