# What a function that audits a fleet has besides (docs/fleet.md): what it may do, and a second timer. All of it is left out without a
# fleet file. If the provider does not know huaweicloud_identityv5_policy_agency_attach, run `terraform init -upgrade`.

locals {
  is_fleet = var.fleet_file != ""
  fleet    = yamldecode(local.is_fleet ? file(var.fleet_file) : "{}")

  # The agencies that the fleet file names, and no others; {account} stands for any account.
  assumed = distinct([
    for agency in concat(
      [try(local.fleet.agency, null)],
      [for account in coalesce(try(local.fleet.accounts, null), []) : try(account.agency, null)],
      [for account in coalesce(try(local.fleet.domains, null), []) : try(account.agency_urn, null)],
    ) : replace(agency, "{account}", "*") if can(regex("^iam::", agency))
  ])

  # Identity policies, which IAM keeps apart from the others.
  identity_policies = local.is_fleet ? concat(
    ["projects-list"],
    length(local.assumed) > 0 ? ["sts-assume"] : [],
    try(local.fleet.discovery.organization, false) ? ["organizations-read"] : [],
  ) : []
}

resource "huaweicloud_identity_policy" "fleet" {
  for_each = toset(local.identity_policies)

  name            = "${var.name}-${each.key}"
  description     = "What ${var.name} may do to find and enter accounts"
  policy_document = replace(file("${path.module}/../iam/${each.key}.json"), "\"iam::*:agency:cbr-audit\"", join(", ", [for agency in local.assumed : jsonencode(agency)]))
}

resource "huaweicloud_identityv5_policy_agency_attach" "fleet" {
  for_each = huaweicloud_identity_policy.fleet

  policy_id = each.value.id
  agency_id = huaweicloud_identity_agency.function.id
}

resource "huaweicloud_fgs_function_trigger" "roll_up" {
  count = local.is_fleet ? 1 : 0

  function_urn = huaweicloud_fgs_function.audit.urn
  type         = "TIMER"
  status       = "ACTIVE"

  event_data = jsonencode({
    name          = "${var.name}-roll-up"
    schedule_type = "Cron"
    schedule      = var.roll_up_schedule
    user_event    = jsonencode({ fleet = "roll_up" })
  })
}
