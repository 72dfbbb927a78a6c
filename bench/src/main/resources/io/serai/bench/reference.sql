-- The same customer without a hub: the record, who has to hear of it, and who did it.
create table customer (
  id uuid primary key,
  email text not null unique,
  version bigint not null default 1,
  document jsonb not null,
  updated_at timestamptz not null default now()
);
create table outbox (
  id bigint generated always as identity primary key,
  customer uuid not null,
  version bigint not null,
  document jsonb not null,
  at timestamptz not null default now()
);
create table audit (
  id bigint generated always as identity primary key,
  actor text not null,
  action text not null,
  customer uuid not null,
  at timestamptz not null default now()
);
create table staging (
  id uuid not null,
  email text not null,
  document jsonb not null
);
