//! How people come in: sign-up, invitations, approval.

use super::{NewPerson, create, end_access, trace};
use crate::{
    Error, Result,
    config::Registration,
    db::Conn,
    domain::{
        Fact, Tx, admission,
        audit::{self, Staff},
        confirmations, names,
    },
    error::Faults,
    id::Id,
    model::{Account, Invite, Role},
    store,
    time::Timestamp,
};
use chrono::Datelike;
use std::net::IpAddr;

/// Characters of the reason given at sign-up.
const REASON: usize = 1_000;

/// A sign-up, from a page or from an app.
#[derive(Clone, Debug)]
pub struct SignUp {
    /// What was typed.
    pub typed: Typed,
    /// argon2id PHC string.
    pub password_hash: String,
    /// Language.
    pub locale: Option<String>,
}

/// What somebody who signs up has typed, but for the password.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    /// User name.
    pub username: String,
    /// E-mail address.
    pub email: String,
    /// Agreed to the rules?
    pub agreement: bool,
    /// Why.
    pub reason: String,
    /// The day they were born; it is not kept.
    pub date_of_birth: String,
    /// Code of an invitation.
    pub invite: Option<String>,
    /// Where they come from.
    pub address: Option<IpAddr>,
}

/// Checks everything of a sign-up that can be checked before its password is hashed. Answers whether it has to be
/// approved because of where it comes from or of its mail address. A password that was hashed already is not looked at.
///
/// # Errors
/// `Forbidden` when registration is closed and no invitation is good; `Invalid` or `InvalidFields` for what was typed:
/// every wrong field is named.
pub fn check_sign_up(
    conn: &mut Conn,
    registration: Registration,
    min_age: usize,
    typed: &Typed,
    password: Option<&str>,
    now: Timestamp,
) -> Result<bool> {
    match &typed.invite {
        Some(code) => {
            let invite = store::users::find_invite(conn, code)?;
            invite.filter(|invite| is_open(invite, now)).ok_or_else(dead_invite)?;
        }
        None if registration == Registration::Closed => {
            return Err(Error::forbidden("Registration is closed: new accounts are by invitation"));
        }
        None => {}
    }
    let mut faults = Faults::default();
    if let Some(username) = faults.note(names::username(&typed.username, false))?
        && store::users::is_name_taken(conn, &username.to_ascii_lowercase())?
    {
        faults.note::<()>(Err(Error::invalid("username", "taken", "Username has already been taken")))?;
    }
    let email = faults.note(names::email(&typed.email))?;
    if typed.email.trim().is_empty() {
        // Both, as in Mastodon: nothing is no address either.
        faults.note::<()>(Err(Error::invalid("email", "invalid", "Email is invalid")))?;
    }
    if let Some(email) = &email
        && store::users::find_by_email(conn, email)?.is_some()
    {
        faults.note::<()>(Err(Error::invalid("email", "taken", "Email has already been taken")))?;
    }
    // An address that is none says nothing against who has it; where they come from may.
    let doubtful = faults.note(admission::check(conn, typed.address, email.as_deref().unwrap_or_default(), now))?;
    if let Some(password) = password {
        faults.note(names::password(password))?;
    }
    if !typed.agreement {
        faults.note::<()>(Err(Error::invalid("agreement", "accepted", "Agreement must be accepted")))?;
    }
    if min_age > 0 {
        faults.note(old_enough(&typed.date_of_birth, min_age, now))?;
    }
    let reason = typed.reason.trim();
    if reason.chars().count() > REASON {
        let long = Error::invalid("reason", "too_long", "Reason is too long (maximum is 1,000 characters)");
        faults.note::<()>(Err(long))?;
    }
    if reason.is_empty() && typed.invite.is_none() && registration == Registration::Approval {
        faults.note::<()>(Err(Error::invalid("reason", "blank", "Reason can't be blank")))?;
    }
    faults.into_result()?;
    Ok(doubtful.unwrap_or_default())
}

/// Whether somebody born on this day is so many years old.
///
/// # Errors
/// `Invalid` when not, or for what is no day.
pub fn old_enough(born: &str, min_age: usize, now: Timestamp) -> Result<()> {
    let refuse = |code, reason: &'static str| Err(Error::invalid("date_of_birth", code, reason));
    if born.trim().is_empty() {
        return refuse("blank", "Date of birth can't be blank");
    }
    let born = match Timestamp::parse(born).map(|day| day.to_datetime()) {
        Some(day) if day.year() >= 1_880 => day,
        _ => return refuse("invalid", "Date of birth is invalid"),
    };
    let (today, years) = (now.to_datetime(), i32::try_from(min_age).unwrap_or(i32::MAX));
    // In most years who was born on 29 February is a year older from 1 March.
    let birthday = (born.year().saturating_add(years), born.month(), born.day());
    if birthday > (today.year(), today.month(), today.day()) {
        return refuse("below_limit", "Date of birth is below the age limit");
    }
    Ok(())
}

/// Somebody signs up: open to all, by approval, or with an invitation. Answers the account and whether it may be used
/// at once; where mail is configured, not before its address is confirmed.
///
/// # Errors
/// `Forbidden` when registration is closed and no invitation is good; `Invalid` for what was typed.
pub fn sign_up(tx: &mut Tx<'_>, form: &SignUp) -> Result<(Account, bool)> {
    let registration = tx.config().registration;
    let now = tx.now;
    let typed = &form.typed;
    let min_age = tx.config().accounts.min_age;
    let doubtful = check_sign_up(tx.conn, registration, min_age, typed, None, now)?;
    let reason = typed.reason.trim();
    let invite = match &typed.invite {
        Some(code) => {
            let invite = store::users::lock_invite(tx.conn, code)?;
            let invite = invite.filter(|invite| is_open(invite, now)).ok_or_else(dead_invite)?;
            store::users::use_invite(tx.conn, invite.id)?;
            Some(invite)
        }
        None => None,
    };
    let approved = invite.is_some() || registration == Registration::Open;
    let approved = approved && !doubtful;
    let confirms = tx.config().mail.is_on();
    let person = NewPerson {
        username: typed.username.clone(),
        email: Some(typed.email.clone()),
        password_hash: Some(form.password_hash.clone()),
        role: invite.as_ref().map_or(Role::Member, |invite| invite.role),
        approved: approved && !confirms,
        reason: (!reason.is_empty()).then(|| reason.to_owned()),
        invite: invite.as_ref().map(|invite| invite.id),
        locale: form.locale.clone(),
        confirmed: !confirms,
        by_staff: false,
    };
    let account = create(tx, &person)?;
    if confirms {
        confirmations::begin(tx, account.id, approved)?;
    }
    Ok((account, approved && !confirms))
}

fn dead_invite() -> Error {
    Error::forbidden("This invitation has expired or has been used up")
}

/// Can an invitation still be used?
pub fn is_open(invite: &Invite, now: Timestamp) -> bool {
    invite.revoked_at.is_none()
        && invite.expires_at.is_none_or(|end| now < end)
        && invite.max_uses.is_none_or(|most| invite.uses < most)
}

/// Makes an invitation.
///
/// # Errors
/// `Forbidden` for a role not below one's own (owners: any but owner); `Invalid` for a number of uses below one.
pub fn invite(
    tx: &mut Tx<'_>,
    by: &Staff,
    role: Role,
    max_uses: Option<i64>,
    expires_at: Option<Timestamp>,
) -> Result<Invite> {
    if role == Role::Owner {
        return Err(Error::forbidden("Nobody is invited as an owner"));
    }
    by.outranks(role)?;
    if max_uses.is_some_and(|most| most < 1) {
        return Err(Error::invalid("max_uses", "invalid", "An invitation is good for one use at least"));
    }
    if expires_at.is_some_and(|end| end <= tx.now) {
        return Err(Error::invalid("expires_at", "invalid", "An invitation ends in the future"));
    }
    let invite = Invite {
        id: tx.new_id(),
        code: tx.random().token(),
        created_by: by.account,
        role,
        max_uses,
        uses: 0,
        expires_at,
        revoked_at: None,
        created_at: tx.now,
    };
    store::users::insert_invite(tx.conn, &invite)?;
    audit::write(tx, by, "invite.create", &invite.id.to_string(), role.as_str())?;
    Ok(invite)
}

/// Takes an invitation back.
///
/// # Errors
/// `NotFound` for an unknown code.
pub fn revoke_invite(tx: &mut Tx<'_>, by: &Staff, code: &str) -> Result<Invite> {
    let invite = store::users::find_invite(tx.conn, code)?.ok_or(Error::NotFound)?;
    by.outranks(invite.role)?;
    store::users::revoke_invite(tx.conn, invite.id, tx.now)?;
    audit::write(tx, by, "invite.revoke", &invite.id.to_string(), "")?;
    Ok(invite)
}

/// Lets somebody in who asked for it.
///
/// # Errors
/// `NotFound` for who is no user of this node.
pub fn approve(tx: &mut Tx<'_>, by: &Staff, id: Id<Account>) -> Result<()> {
    let user = store::users::load(tx.conn, id)?;
    by.outranks(user.role)?;
    if user.approved_at.is_some() {
        return Ok(());
    }
    if user.confirmed_at.is_none() {
        // They come in as soon as their address is confirmed.
        store::confirmations::admit(tx.conn, id)?;
    } else {
        store::users::set_approved(tx.conn, id, tx.now)?;
        tx.record(Fact::AccountUpdated(id))?;
    }
    trace(tx, by, "account.approve", id, "")
}

/// Turns somebody away who waits for approval: nothing of them is kept.
///
/// # Errors
/// `Conflict` when they were approved already.
pub fn reject(tx: &mut Tx<'_>, by: &Staff, id: Id<Account>) -> Result<()> {
    let user = store::users::load(tx.conn, id)?;
    if user.approved_at.is_some() {
        return Err(Error::Conflict("This account has been approved already: disable or delete it".into()));
    }
    trace(tx, by, "account.reject", id, "")?;
    remove_unused(tx, id)
}

/// Removes an account that was never used: its name is free again.
pub(in crate::domain) fn remove_unused(tx: &mut Tx<'_>, id: Id<Account>) -> Result<()> {
    end_access(tx, id, None)?;
    store::users::delete(tx.conn, id)?;
    store::users::delete_account_row(tx.conn, id)
}
