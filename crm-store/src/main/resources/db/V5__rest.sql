-- What it takes for spokes to come to rest.

-- Fields that were written to a record and of which the spoke's own word is still to come; see io.serai.crm.plan.Written.
alter table link add written json;
alter table link alter written set statistics 0;

-- The version that was last claimed to be written: whether it arrived is known once synced has reached it.
alter table link add claimed bigint not null default 0;

-- A field that spokes fight over waits for a person, too.
alter table parked drop constraint parked_kind_check;
alter table parked add constraint parked_kind_check check (kind in ('POISON', 'INVALID', 'CONFLICT', 'POSSIBLE_DUPLICATE',
  'UNKNOWN_OUTCOME', 'FROZEN_FIELD', 'DELIVERY'));
