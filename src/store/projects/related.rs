//! What projects say about one another.

use super::PUBLIC;
use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Project, ProjectRelation, RelationKind},
    time::Timestamp,
};
use diesel::sql_types::{BigInt, SmallInt, Text};

const RELATION: &str = "select r.project_id, r.other_uri, r.kind, r.reason, r.created_at from project_relations r ";

fn relations_of(conn: &mut Conn, sql: Sql) -> Result<Vec<ProjectRelation>> {
    type Types = (BigInt, Text, SmallInt, Text, BigInt);
    let rows = sql.load_as::<Types, (i64, String, RelationKind, String, i64)>(conn)?;
    let relation = |(project, other_uri, kind, reason, at)| ProjectRelation {
        project: Id::new(project),
        other_uri,
        kind,
        reason,
        created_at: Timestamp::from_millis(at),
    };
    Ok(rows.into_iter().map(relation).collect())
}

/// What a project says about others, oldest first.
pub fn relations(conn: &mut Conn, project: Id<Project>, most: i64) -> Result<Vec<ProjectRelation>> {
    let sql = Sql::new(RELATION).with("where r.project_id = ", project);
    relations_of(conn, sql.with(" order by r.created_at, r.other_uri limit ", most))
}

/// As [`relations`], of several projects: all that each says.
pub fn relations_of_all(conn: &mut Conn, projects: &[Id<Project>]) -> Result<Vec<ProjectRelation>> {
    if projects.is_empty() {
        return Ok(Vec::new());
    }
    let sql = Sql::new(RELATION).push("where r.project_id in ").ids(projects);
    relations_of(conn, sql.push(" order by r.created_at, r.other_uri"))
}

/// As [`relations_to`], about several projects: all that is said of each.
pub fn relations_to_all(conn: &mut Conn, uris: &[&str]) -> Result<Vec<ProjectRelation>> {
    if uris.is_empty() {
        return Ok(Vec::new());
    }
    let sql = Sql::new(RELATION).push("join projects p on p.id = r.project_id and ").push(PUBLIC);
    let sql = sql.push(" where r.other_uri in ").texts(uris);
    relations_of(conn, sql.push(" order by r.created_at, r.project_id"))
}

/// What published projects say about the one of this actor id, oldest first.
pub fn relations_to(conn: &mut Conn, uri: &str, most: i64) -> Result<Vec<ProjectRelation>> {
    let sql = Sql::new(RELATION).push("join projects p on p.id = r.project_id and ").push(PUBLIC);
    let sql = sql.with(" where r.other_uri = ", uri);
    relations_of(conn, sql.with(" order by r.created_at, r.project_id limit ", most))
}

/// Writes what a project says about another one.
pub fn put_relation(conn: &mut Conn, r: &ProjectRelation) -> Result<()> {
    Sql::new("insert into project_relations (project_id, other_uri, kind, reason, created_at) values (")
        .bind(r.project)
        .with(",", &r.other_uri)
        .with(",", r.kind)
        .with(",", &r.reason)
        .with(",", r.created_at)
        .push(") on conflict (project_id, other_uri) do update set kind = excluded.kind, reason = excluded.reason")
        .execute(conn)?;
    Ok(())
}

/// A project says nothing about another one any more; true when it did.
pub fn delete_relation(conn: &mut Conn, project: Id<Project>, other_uri: &str) -> Result<bool> {
    let gone = Sql::new("delete from project_relations where project_id = ")
        .bind(project)
        .with(" and other_uri = ", other_uri)
        .execute(conn)?;
    Ok(gone > 0)
}

/// A project says nothing about any other.
pub fn delete_relations(conn: &mut Conn, project: Id<Project>) -> Result<()> {
    Sql::new("delete from project_relations where project_id = ").bind(project).execute(conn)?;
    Ok(())
}
