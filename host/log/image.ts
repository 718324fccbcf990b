/** Reads the tables of projections: what the root has to remember from earlier runs. */
import type { DesiredRow, EpochRow, NodeRow, RootImage, ValueRow } from "#shared/effect.ts";
import type { NodeId } from "#shared/units.ts";
import type { Database, SqlRow } from "./sqlite.ts";

/** As they stand in the file, where last values may be older than the rest: `LogWriter` brings them up to date when it opens it. */
export function readImage(db: Database): RootImage {
  return {
    epochs: db.prepare("SELECT * FROM epochs ORDER BY node, epoch").all().map(epochRow),
    values: db.prepare("SELECT * FROM vals ORDER BY node, eid").all().map(valueRow),
    desired: db.prepare("SELECT * FROM desired ORDER BY node, eid").all().map(desiredRow),
    nodes: db.prepare("SELECT * FROM nodes ORDER BY id").all().map(nodeRow),
  };
}

function epochRow(row: SqlRow): EpochRow {
  return { node: row["node"] as NodeId, epoch: row["epoch"] as number, last: row["last"] as number };
}

function valueRow(row: SqlRow): ValueRow {
  return {
    node: row["node"] as NodeId,
    eid: row["eid"] as string,
    value: JSON.parse(row["value"] as string),
    ts: row["ts"] as number,
    received: row["received"] as number,
    epoch: row["epoch"] as number,
    n: row["n"] as number,
  };
}

function desiredRow(row: SqlRow): DesiredRow {
  return {
    node: row["node"] as NodeId,
    eid: row["eid"] as string,
    value: JSON.parse(row["value"] as string),
    rev: row["rev"] as number,
    isSettled: row["is_settled"] === 1,
  };
}

function nodeRow(row: SqlRow): NodeRow {
  return {
    id: row["id"] as NodeId,
    isUp: row["is_up"] === 1,
    since: row["since"] as number,
    epoch: row["epoch"] as number,
    via: JSON.parse(row["via"] as string),
    fw: row["fw"] as string,
    eids: JSON.parse((row["eids"] ?? "[]") as string),
  };
}
