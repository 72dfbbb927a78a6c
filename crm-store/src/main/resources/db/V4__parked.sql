-- What a parked message waits for (an order, an invoice or a spoke's customer, and by which number or id): when that
-- appears, the message is taken up without a person.
alter table parked add column awaits text check (awaits in ('order', 'invoice', 'customer'));
alter table parked add column awaits_key text;
create index on parked (tenant, message) where resolved_at is null and awaits is not null;

-- Messages about one record that have to be taken in one after the other: the first is parked, the others wait behind it.
create table held (
  tenant int not null references tenant,
  spoke text not null,
  entity text not null,
  record text not null,
  position bigint generated always as identity,
  message uuid not null,
  primary key (tenant, spoke, entity, record, position)
);
create unique index on held (tenant, message);

-- What people, and the hub itself, did about parked work. The subject is the one of "parked", so that the history of a
-- question goes on when it is asked again. Nothing is changed or deleted here but what was edited, which may have to be
-- erased.
create table parked_action (
  tenant int not null references tenant,
  id bigint generated always as identity,
  subject text not null,
  action text not null check (action in ('retry', 'edit', 'discard', 'choose', 'same', 'not-same', 'exists', 'absent',
    'recreate')),
  by_whom text not null,
  at timestamptz not null,
  outcome text not null,
  note text,
  edited bytea,
  edited_as text check (edited_as in ('body', 'document')),
  primary key (tenant, id)
);
create index on parked_action (tenant, subject, id);

do $$
declare t text;
begin
  foreach t in array array['held', 'parked_action'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('alter table %I alter column tenant set default nullif(current_setting(''serai.tenant'', true), '''')::int', t);
    execute format('create policy tenant on %I using (tenant = (select nullif(current_setting(''serai.tenant'', true), '''')::int))', t);
  end loop;
end $$;

grant select, insert, delete on held to ${role};
grant select, insert, update (edited, edited_as) on parked_action to ${role};
