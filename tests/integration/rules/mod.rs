//! The rules of delegation, each a test named after the sentence that must be true: values, and the whole text of each
//! refusal. Through the engine, without HTTP.

mod approval;
mod available;
mod batch;
mod clients;
mod codes;
mod entitled;
mod forms;
mod imports;
mod itself;
mod journal;
mod keys;
mod links;
mod losses;
mod names;
mod obligations;
mod policies;
mod precedence;
mod requests;
mod restart;
mod sentences;
mod standard;
mod systems;
mod windows;

/// What an accountant's relation gives.
const WITH_SIGNING: &str = "regnskapsforer-med-signeringsrettighet";
const WITHOUT_SIGNING: &str = "regnskapsforer-uten-signeringsrettighet";
const PAYROLL: &str = "regnskapsforer-lonn";
/// What an auditor's relation gives.
const AUDITOR: &str = "ansvarlig-revisor";
/// What a client assigns to a right holder: each opens the tax claims.
const TAX_BASIS: &str = "skattegrunnlag";
const CLAIMS: &str = "krav-og-utlegg";
/// What a business manager has for a housing co-operative.
const PROPERTY: &str = "forretningsforer-eiendom";

const CLIENT: &str = "312002744";
const OTHER_CLIENT: &str = "312004119";
/// A firm that has nothing to do with the first.
const OTHER_FIRM: &str = "312005344";
/// A vendor that has nothing to do with the first.
const OTHER_VENDOR: &str = "974761076";
