//! Planning an import: each line against the state and the lines before it, grouped into facts.

use std::collections::{BTreeMap, HashSet};

use crate::model::delegation::Loss;
use crate::model::event::ImportedFacts;
use crate::model::id::{OrgNo, SystemUserId};
use crate::model::org_list::OrgList;
use crate::model::package_set::PackageSet;
use crate::model::party::Party;
use crate::model::relation::{RelationKey, Role};
use crate::model::request::UserKind;
use crate::model::time::{Timestamp, Window};

use super::super::command::loss::{losses_by_form, losses_by_relation};
use super::super::error::ClientRefused;
use super::super::state::State;
use super::Findings;
use super::line::{DelegationLine, Line, RelationLine};

/// Facts of one kind that stand together, grouped by what they share.
#[derive(Debug)]
enum Run {
    Parties(Vec<Party>),
    Relations(BTreeMap<(OrgNo, Role, PackageSet), Vec<OrgNo>>),
    Ended(BTreeMap<(OrgNo, Role), Vec<OrgNo>>),
    Delegations(BTreeMap<(SystemUserId, Option<Timestamp>, Option<Timestamp>), Vec<OrgNo>>),
}

impl State {
    /// Checks lines against this state and each other and applies them to it. What cannot be imported is a finding.
    pub(super) fn plan_import(
        &mut self,
        lines: &[(u64, Line)],
        now: Timestamp,
        findings: &mut Findings,
    ) -> Vec<ImportedFacts> {
        let mut facts = Vec::new();
        let mut run: Option<Run> = None;
        let mut seen: HashSet<(u32, u128, u8)> = HashSet::new();
        for (number, line) in lines {
            // A run is grouped, so nothing in it may depend on the order: another kind, or the same again, ends it.
            if !run.as_ref().is_some_and(|run| run.takes(line)) || seen.contains(&line.place()) {
                self.finish_run(run.take(), &mut facts);
                seen.clear();
            }
            seen.insert(line.place());
            if let Err(message) = self.check_line(line, now, &mut run) {
                findings.add(*number, message);
            }
        }
        self.finish_run(run, &mut facts);
        facts
    }

    fn check_line(&self, line: &Line, now: Timestamp, run: &mut Option<Run>) -> Result<(), String> {
        match line {
            Line::Party(party) => {
                if self
                    .parties
                    .get(&party.org)
                    .is_some_and(|known| **known == *party)
                {
                    return Ok(());
                }
                if let Run::Parties(parties) = run.get_or_insert_with(|| Run::Parties(Vec::new())) {
                    parties.push(party.clone());
                }
            }
            Line::Relation(relation) => self.check_relation(relation, now, run)?,
            Line::Delegation(delegation) => self.check_delegation(delegation, run)?,
        }
        Ok(())
    }

    fn check_relation(
        &self,
        line: &RelationLine,
        now: Timestamp,
        run: &mut Option<Run>,
    ) -> Result<(), String> {
        let key = RelationKey {
            client: line.client,
            firm: line.firm,
            role: line.role,
        };
        let assigned = self
            .checked_relation(&key, &line.packages)
            .map_err(|error| error.to_string());
        if let Some(ended) = line.ended {
            if ended > now {
                return Err(format!(
                    "`ended` is `{ended}`, which lies ahead (now: `{now}`)"
                ));
            }
            if self.relation(&key).is_some()
                && let Run::Ended(groups) = run.get_or_insert_with(|| Run::Ended(BTreeMap::new()))
            {
                groups
                    .entry((line.firm, line.role))
                    .or_default()
                    .push(line.client);
            }
            return Ok(());
        }
        let assigned = assigned?;
        if self
            .relation(&key)
            .is_some_and(|held| self.sets.set(held.value) == assigned)
        {
            return Ok(());
        }
        if let Run::Relations(groups) = run.get_or_insert_with(|| Run::Relations(BTreeMap::new())) {
            groups
                .entry((line.firm, line.role, assigned))
                .or_default()
                .push(line.client);
        }
        Ok(())
    }

    fn check_delegation(&self, line: &DelegationLine, run: &mut Option<Run>) -> Result<(), String> {
        let window = Window::new(line.from, line.until).map_err(|error| error.to_string())?;
        let id = line.system_user;
        let user = self
            .user(id)
            .ok_or_else(|| format!("system user `{id}` does not exist"))?;
        if user.kind == UserKind::Standard {
            return Err(format!(
                "system user `{id}` is a standard one: it acts for its owner and has no clients"
            ));
        }
        if self.live(id).is_none() {
            return Err(format!("system user `{id}` or its system was deleted"));
        }
        if user
            .delegation(line.client)
            .is_some_and(|held| held.set == user.set && held.window == window)
        {
            return Ok(());
        }
        let (client, firm) = (line.client, user.owner);
        let covered = if client == firm {
            *self.catalogue.assignable()
        } else {
            self.coverage(client, firm)
        };
        let missing = user.packages.minus(&covered);
        if !missing.is_empty() {
            let missing = self.catalogue.codes(&missing);
            let refused = if client == firm {
                ClientRefused::NotAssignable { firm, missing }
            } else {
                ClientRefused::NotCovered {
                    client,
                    firm,
                    missing,
                }
            };
            return Err(refused.to_string());
        }
        if let Run::Delegations(groups) =
            run.get_or_insert_with(|| Run::Delegations(BTreeMap::new()))
        {
            groups
                .entry((id, line.from, line.until))
                .or_default()
                .push(client);
        }
        Ok(())
    }

    fn finish_run(&mut self, run: Option<Run>, facts: &mut Vec<ImportedFacts>) {
        let Some(run) = run else { return };
        match run {
            Run::Parties(parties) => {
                let lost = parties
                    .iter()
                    .flat_map(|party| losses_by_form(self, party))
                    .collect();
                self.finish(ImportedFacts::Parties { parties, lost }, facts);
            }
            Run::Relations(groups) => {
                for ((firm, role, assigned), clients) in groups {
                    let lost = self.losses_of(firm, role, &clients, Some(assigned));
                    let of_group = ImportedFacts::Relations {
                        firm,
                        role,
                        assigned: self.catalogue.codes(&assigned).0,
                        clients: OrgList::new(clients),
                        lost,
                    };
                    self.finish(of_group, facts);
                }
            }
            Run::Ended(groups) => {
                for ((firm, role), clients) in groups {
                    let lost = self.losses_of(firm, role, &clients, None);
                    let clients = OrgList::new(clients);
                    let of_group = ImportedFacts::EndedRelations {
                        firm,
                        role,
                        clients,
                        lost,
                    };
                    self.finish(of_group, facts);
                }
            }
            Run::Delegations(groups) => {
                for ((system_user, from, until), clients) in groups {
                    let of_group = ImportedFacts::Delegations {
                        system_user,
                        window: Window::new(from, until).unwrap_or(Window::ALWAYS),
                        clients: OrgList::new(clients),
                    };
                    self.finish(of_group, facts);
                }
            }
        }
    }

    /// Applies facts before the next are made: two relations that end together leave nothing on each other.
    fn finish(&mut self, one: ImportedFacts, facts: &mut Vec<ImportedFacts>) {
        self.apply_import(&one, self.revision.next());
        facts.push(one);
    }

    fn losses_of(
        &self,
        firm: OrgNo,
        role: Role,
        clients: &[OrgNo],
        left: Option<PackageSet>,
    ) -> Vec<Loss> {
        let key = |client: &OrgNo| RelationKey {
            client: *client,
            firm,
            role,
        };
        // A relation that is only coming to be takes nothing from anybody.
        let known = clients
            .iter()
            .map(key)
            .filter(|key| self.relation(key).is_some());
        known
            .flat_map(|key| losses_by_relation(self, &key, left))
            .collect()
    }
}

impl Run {
    fn takes(&self, line: &Line) -> bool {
        match (self, line) {
            (Self::Parties(_), Line::Party(_)) | (Self::Delegations(_), Line::Delegation(_)) => {
                true
            }
            (Self::Relations(_), Line::Relation(relation)) => relation.ended.is_none(),
            (Self::Ended(_), Line::Relation(relation)) => relation.ended.is_some(),
            (Self::Parties(_) | Self::Delegations(_) | Self::Relations(_) | Self::Ended(_), _) => {
                false
            }
        }
    }
}
