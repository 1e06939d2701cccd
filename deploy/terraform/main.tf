# The function, its timer, what happens when it fails, and who it is. docs/deploy.md has every step.

locals {
  # OBS is a global service, all others belong to the project: IAM does not mix them in one policy.
  global_policies = concat(["obs-write"], var.lock_days > 0 ? ["obs-lock"] : [])

  reading = concat(["cbr-read"], var.extra_lists ? ["cbr-extra"] : [], var.traces || var.watch ? ["cts-read"] : [])

  project_policies = concat(
    local.reading,
    local.is_fleet || length(var.http_callers) > 0 ? ["start-itself"] : [],
    var.kms_key_id != "" ? ["kms-encrypt"] : [],
    var.signing_kms_key_id != "" ? ["kms-sign"] : [],
    length(local.topics) > 0 ? ["smn-publish"] : [],
  )

  # Changes and requests do not wait until an audit has ended.
  is_called = var.watch || length(var.http_callers) > 0

  topics = compact([var.failure_topic, var.change_topic])

  settings = merge(
    {
      HUAWEICLOUD_SDK_REGION = var.region
      CBR_AUDIT_STORE        = "obs://${var.bucket}/${var.prefix}"
    },
    var.change_topic != "" ? { CBR_AUDIT_SMN_TOPIC = var.change_topic } : {},
    var.kms_key_id != "" ? { CBR_AUDIT_OBS_KMS_KEY = var.kms_key_id } : {},
    var.signing_kms_key_id != "" ? { CBR_AUDIT_SIGNING_KMS_KEY = var.signing_kms_key_id } : {},
    var.lock_days > 0 ? { CBR_AUDIT_OBS_LOCK_DAYS = tostring(var.lock_days) } : {},
    local.is_fleet ? { CBR_AUDIT_FLEET = jsonencode(local.fleet) } : {},
    length(var.http_callers) > 0 ? { CBR_AUDIT_HTTP_CALLERS = join(",", var.http_callers) } : {},
    var.settings,
  )
}

resource "huaweicloud_identity_role" "global" {
  for_each = toset(local.global_policies)

  name        = "${var.name}-${each.key}"
  description = "What ${var.name} may do in OBS"
  type        = "AX"
  policy      = replace(replace(file("${path.module}/../iam/${each.key}.json"), "BUCKET", var.bucket), "PREFIX", var.prefix)
}

resource "huaweicloud_identity_role" "project" {
  for_each = toset(local.project_policies)

  name        = "${var.name}-${each.key}"
  description = "What ${var.name} may do in its project"
  type        = "XA"
  policy      = replace(file("${path.module}/../iam/${each.key}.json"), "default/NAME", "default/${var.name}")
}

resource "huaweicloud_identity_agency" "function" {
  name                   = var.name
  description            = "Who the function ${var.name} is"
  delegated_service_name = "op_svc_cff"

  project_role {
    project = var.region
    roles   = [for role in huaweicloud_identity_role.project : role.name]
  }

  # MOS is the project that IAM has for OBS.
  project_role {
    project = "MOS"
    roles   = [for role in huaweicloud_identity_role.global : role.name]
  }

  domain_roles = [for role in huaweicloud_identity_role.global : role.name]

  # A fleet has this account's projects in all regions.
  all_resources_roles = local.is_fleet ? [for name in local.reading : huaweicloud_identity_role.project[name].name] : null
}

resource "huaweicloud_fgs_function" "audit" {
  name        = var.name
  app         = "default"
  description = "Audits whether backups really happened"
  agency      = huaweicloud_identity_agency.function.name

  runtime             = "Python3.12"
  handler             = "handler.handler"
  initializer_handler = "handler.initializer"
  initializer_timeout = 60
  memory_size         = var.memory_mb
  timeout             = var.timeout_seconds
  max_instance_num    = tostring(local.is_fleet ? var.instances : local.is_called ? 10 : 1) # 1: one audit after the other

  code_type     = "zip"
  code_filename = "cbr-audit.zip"
  func_code     = filebase64(var.zip)

  user_data           = jsonencode(local.settings)
  encrypted_user_data = length(var.secret_settings) > 0 ? jsonencode(var.secret_settings) : null
  enable_lts_log      = true
  log_group_id        = one(huaweicloud_lts_group.function[*].id)
  log_group_name      = one(huaweicloud_lts_group.function[*].group_name)
  log_stream_id       = one(huaweicloud_lts_stream.function[*].id)
  log_stream_name     = one(huaweicloud_lts_stream.function[*].stream_name)
}

resource "huaweicloud_fgs_function_trigger" "daily" {
  function_urn = huaweicloud_fgs_function.audit.urn
  type         = "TIMER"
  status       = "ACTIVE"

  event_data = jsonencode({
    name          = "${var.name}-daily"
    schedule_type = "Cron"
    schedule      = var.schedule
    user_event    = local.is_fleet ? jsonencode({ fleet = "start" }) : var.user_event
  })
}

resource "huaweicloud_fgs_async_invoke_configuration" "audit" {
  function_urn                   = huaweicloud_fgs_function.audit.urn
  max_async_event_age_in_seconds = 3600
  max_async_retry_attempts       = var.retries
  enable_async_status_log        = true

  dynamic "on_failure" {
    for_each = var.failure_topic != "" ? [var.failure_topic] : []

    content {
      destination = "SMN"
      param       = jsonencode({ topic_urn = on_failure.value })
    }
  }
}
