//! SQL written once for both databases. Placeholders are rendered per backend, and unlike `diesel::sql_query` the
//! statement is cached by its text, so a hot query is prepared once per connection.

use super::{Conn, PgConn};
use crate::{Result, id::Id, model::Row, time::Timestamp};
use diesel::{
    backend::Backend,
    deserialize::FromSqlRow,
    prelude::*,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{BigInt, Binary, Bool, Double, Nullable, SmallInt, Text},
    sqlite::{Sqlite, SqliteConnection},
};
use std::{borrow::Cow, marker::PhantomData};

/// A bound value.
#[derive(Clone, Debug)]
pub enum Value {
    /// `BIGINT`
    Int(Option<i64>),
    /// `SMALLINT`
    Small(Option<i16>),
    /// `TEXT`
    Text(Option<String>),
    /// `BOOLEAN`
    Bool(Option<bool>),
    /// `BLOB`, `BYTEA`
    Bytes(Option<Vec<u8>>),
    /// `DOUBLE`
    Double(Option<f64>),
}

/// PostgreSQL cannot hold a NUL in a text; it means nothing in any text of ours, so both databases do without.
fn storable(text: &str) -> String {
    if text.contains('\0') { text.replace('\0', "") } else { text.to_owned() }
}

macro_rules! value_from {
    ($($from:ty => $variant:ident($e:expr)),+ $(,)?) => {$(
        impl From<$from> for Value {
            fn from(v: $from) -> Self {
                let f: fn($from) -> _ = $e;
                Self::$variant(Some(f(v)))
            }
        }
        impl From<Option<$from>> for Value {
            fn from(v: Option<$from>) -> Self {
                let f: fn($from) -> _ = $e;
                Self::$variant(v.map(f))
            }
        }
    )+};
}
value_from! {
    i64 => Int(|v| v),
    i16 => Small(|v| v),
    Timestamp => Int(|v| v.millis()),
    String => Text(|v| if v.contains('\0') { storable(&v) } else { v }),
    &str => Text(storable),
    &String => Text(|v| storable(v)),
    bool => Bool(|v| v),
    Vec<u8> => Bytes(|v| v),
    &[u8] => Bytes(|v| v.to_vec()),
    f64 => Double(|v| v),
    crate::model::Visibility => Small(|v| v.code()),
    crate::model::Audience => Small(|v| v.code()),
    crate::model::FollowState => Small(|v| v.code()),
    crate::model::NotificationKind => Small(|v| v.code()),
    crate::model::WarningAction => Small(|v| v.code()),
    crate::model::SeveranceKind => Small(|v| v.code()),
    crate::model::MediaState => Small(|v| v.code()),
    crate::model::MediaKind => Small(|v| v.code()),
    crate::model::CardState => Small(|v| v.code()),
    crate::model::CardKind => Small(|v| v.code()),
    crate::model::Role => Small(|v| v.code()),
    crate::model::Listing => Small(|v| v.code()),
    crate::model::QuoteState => Small(|v| v.code()),
    crate::model::QuotePolicy => Small(|v| v.code()),
    crate::model::InteractionKind => Small(|v| v.code()),
    crate::model::InteractionState => Small(|v| v.code()),
    crate::model::AccountKind => Small(|v| v.code()),
    crate::model::WorkState => Small(|v| v.code()),
    crate::model::Membership => Small(|v| v.code()),
    crate::model::ProjectRole => Small(|v| v.code()),
    crate::model::RelationKind => Small(|v| v.code()),
    crate::model::Verdict => Small(|v| v.code()),
    crate::model::ItemState => Small(|v| v.code()),
    crate::model::PushPolicy => Small(|v| v.code()),
}
impl<T> From<Id<T>> for Value {
    fn from(v: Id<T>) -> Self {
        Self::Int(Some(v.raw()))
    }
}
impl<T> From<Option<Id<T>>> for Value {
    fn from(v: Option<Id<T>>) -> Self {
        Self::Int(v.map(Id::raw))
    }
}

#[derive(Clone, Debug)]
enum Part {
    Text(Cow<'static, str>),
    Bind(Value),
}

/// A statement under construction: `Sql::new("select p.* from posts p where p.id = ").bind(id)`.
#[derive(Clone, Debug)]
pub struct Sql(Vec<Part>);

impl Sql {
    /// Starts with this text.
    pub fn new(text: impl Into<Cow<'static, str>>) -> Self {
        Self(vec![Part::Text(text.into())])
    }
    /// Appends text. Never input: values go through [`Sql::bind`].
    pub fn push(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.0.push(Part::Text(text.into()));
        self
    }
    /// Appends another statement's text and values.
    pub fn append(mut self, other: Sql) -> Self {
        self.0.extend(other.0);
        self
    }
    /// Appends a value.
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.0.push(Part::Bind(value.into()));
        self
    }
    /// Appends `text` and then `value`.
    pub fn with(self, text: impl Into<Cow<'static, str>>, value: impl Into<Value>) -> Self {
        self.push(text).bind(value)
    }
    /// Appends a parenthesised list of ids, padded to one of few sizes so that few statements are cached. An empty list
    /// matches nothing.
    pub fn ids<T>(self, ids: &[Id<T>]) -> Self {
        self.list(ids.iter().map(|id| Value::from(*id)).collect(), Value::Int(None))
    }
    /// As [`Sql::ids`], for texts.
    pub fn texts<S: AsRef<str>>(self, texts: &[S]) -> Self {
        self.list(texts.iter().map(|t| Value::from(t.as_ref())).collect(), Value::Text(None))
    }
    /// As [`Sql::ids`], for numbers.
    pub fn numbers(self, numbers: &[i64]) -> Self {
        self.list(numbers.iter().map(|n| Value::from(*n)).collect(), Value::Int(None))
    }

    fn list(mut self, mut values: Vec<Value>, nothing: Value) -> Self {
        let padded = padded(values.len());
        let fill = values.last().cloned().unwrap_or(nothing);
        values.resize(padded, fill);
        for (i, value) in values.into_iter().enumerate() {
            self.0.push(Part::Text(if i == 0 { "(".into() } else { ",".into() }));
            self.0.push(Part::Bind(value));
        }
        self.0.push(Part::Text(")".into()));
        self
    }

    /// Runs it; answers the number of rows touched.
    pub fn execute(self, conn: &mut Conn) -> Result<usize> {
        Ok(on_backend!(conn, c => Typed::<()>::of(self).execute(c))?)
    }
    /// Runs it at the end of the transaction, after everything else and in the order of these calls; whoever reads
    /// before sees the state without it. For the full text indexes: SQLite writes what an index has gathered at every
    /// savepoint, a segment for each operation of a group; at the end it is one for all of them.
    pub fn execute_last(self, conn: &mut Conn) -> Result<()> {
        match conn {
            Conn::Sqlite(_, beside) => {
                beside.last.push(self);
                Ok(())
            }
            Conn::Postgres(_) => self.execute(conn).map(drop),
        }
    }
    /// Whole rows of one table (`select t.* from t ...`).
    pub fn load<R>(self, conn: &mut Conn) -> Result<Vec<R>>
    where
        R: Row,
        Typed<R::SqlTypes>: Loads<R>,
    {
        Ok(Typed::<R::SqlTypes>::of(self).loads(conn)?)
    }
    /// The first whole row, if any.
    pub fn optional<R>(self, conn: &mut Conn) -> Result<Option<R>>
    where
        R: Row,
        Typed<R::SqlTypes>: Loads<R>,
    {
        Ok(self.load(conn)?.into_iter().next())
    }
    /// The first whole row, or `NotFound`.
    pub fn one<R>(self, conn: &mut Conn) -> Result<R>
    where
        R: Row,
        Typed<R::SqlTypes>: Loads<R>,
    {
        self.optional(conn)?.ok_or(crate::Error::NotFound)
    }
    /// Rows of chosen columns: `load_as::<(BigInt, Text), (i64, String)>`.
    pub fn load_as<ST, R>(self, conn: &mut Conn) -> Result<Vec<R>>
    where
        Typed<ST>: Loads<R>,
    {
        Ok(Typed::<ST>::of(self).loads(conn)?)
    }
    /// One `BIGINT` column as ids.
    pub fn load_ids<T: 'static>(self, conn: &mut Conn) -> Result<Vec<Id<T>>> {
        Ok(self.load_as::<BigInt, i64>(conn)?.into_iter().map(Id::new).collect())
    }
    /// One `BIGINT` value, if there is a row.
    pub fn optional_i64(self, conn: &mut Conn) -> Result<Option<i64>> {
        Ok(self.load_as::<BigInt, i64>(conn)?.into_iter().next())
    }
    /// One `BIGINT` value (`select count(*) ...`); no row counts as 0.
    pub fn scalar_i64(self, conn: &mut Conn) -> Result<i64> {
        Ok(self.optional_i64(conn)?.unwrap_or(0))
    }
    /// One `TEXT` column.
    pub fn load_texts(self, conn: &mut Conn) -> Result<Vec<String>> {
        self.load_as::<Text, String>(conn)
    }
    /// Whether there is any row; the statement must select one `BIGINT` column.
    pub fn exists(self, conn: &mut Conn) -> Result<bool> {
        Ok(self.optional_i64(conn)?.is_some())
    }
}

/// The next of the sizes 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24 ...: four to each doubling, so that little is asked
/// twice and pages of 20 and 40 fit exactly.
pub(crate) fn padded(length: usize) -> usize {
    let step = (length.next_power_of_two() / 8).max(1);
    length.max(1).next_multiple_of(step)
}

/// A statement whose columns have these SQL types.
pub struct Typed<ST>(Sql, PhantomData<ST>);

impl<ST> Typed<ST> {
    fn of(sql: Sql) -> Self {
        Self(sql, PhantomData)
    }
}

/// Both backends can load `R` from this statement.
pub trait Loads<R> {
    /// Runs it.
    fn loads(self, conn: &mut Conn) -> QueryResult<Vec<R>>;
}

impl<ST, R> Loads<R> for Typed<ST>
where
    Typed<ST>: diesel::query_dsl::methods::LoadQuery<'static, SqliteConnection, R>
        + diesel::query_dsl::methods::LoadQuery<'static, PgConn, R>
        + RunQueryDsl<SqliteConnection>
        + RunQueryDsl<PgConn>,
    R: FromSqlRow<ST, Sqlite> + FromSqlRow<ST, diesel::pg::Pg>,
{
    fn loads(self, conn: &mut Conn) -> QueryResult<Vec<R>> {
        match conn {
            Conn::Sqlite(c, _) => RunQueryDsl::<SqliteConnection>::load::<R>(self, c),
            Conn::Postgres(c) => RunQueryDsl::<PgConn>::load::<R>(self, &mut ***c),
        }
    }
}

impl<ST> QueryId for Typed<ST> {
    type QueryId = ();
    // Cached by text: the text decides.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST> Query for Typed<ST> {
    type SqlType = ST;
}

impl<ST, C> RunQueryDsl<C> for Typed<ST> {}

impl<ST, DB> QueryFragment<DB> for Typed<ST>
where
    DB: Backend
        + diesel::sql_types::HasSqlType<BigInt>
        + diesel::sql_types::HasSqlType<SmallInt>
        + diesel::sql_types::HasSqlType<Text>
        + diesel::sql_types::HasSqlType<Bool>
        + diesel::sql_types::HasSqlType<Binary>
        + diesel::sql_types::HasSqlType<Double>,
    Option<i64>: diesel::serialize::ToSql<Nullable<BigInt>, DB>,
    Option<i16>: diesel::serialize::ToSql<Nullable<SmallInt>, DB>,
    Option<String>: diesel::serialize::ToSql<Nullable<Text>, DB>,
    Option<bool>: diesel::serialize::ToSql<Nullable<Bool>, DB>,
    Option<Vec<u8>>: diesel::serialize::ToSql<Nullable<Binary>, DB>,
    Option<f64>: diesel::serialize::ToSql<Nullable<Double>, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        for part in &self.0.0 {
            match part {
                Part::Text(text) => out.push_sql(text),
                Part::Bind(Value::Int(v)) => out.push_bind_param::<Nullable<BigInt>, _>(v)?,
                Part::Bind(Value::Small(v)) => out.push_bind_param::<Nullable<SmallInt>, _>(v)?,
                Part::Bind(Value::Text(v)) => out.push_bind_param::<Nullable<Text>, _>(v)?,
                Part::Bind(Value::Bool(v)) => out.push_bind_param::<Nullable<Bool>, _>(v)?,
                Part::Bind(Value::Bytes(v)) => out.push_bind_param::<Nullable<Binary>, _>(v)?,
                Part::Bind(Value::Double(v)) => out.push_bind_param::<Nullable<Double>, _>(v)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::padded;

    #[test]
    fn lists_are_padded_to_few_sizes() {
        let sizes: std::collections::BTreeSet<usize> = (0..=1_000).map(padded).collect();
        assert_eq!(
            sizes.iter().copied().take(16).collect::<Vec<_>>(),
            [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32]
        );
        assert!(sizes.contains(&40) && sizes.len() < 40);
        assert!((1..=1_000).all(|n| padded(n) >= n && padded(n) * 4 <= n * 5 + 4));
    }
}
