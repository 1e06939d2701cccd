# Alarms on the function's log (docs/deploy.md). They need its log in a group of their own, whose id is known.

locals {
  alarms = {
    failed     = { keywords = "run.failed", level = "CRITICAL", hours = 1 }
    attention  = { keywords = "non_compliant", level = "MAJOR", hours = 1 }
    incomplete = { keywords = "\"conclusion\": \"incomplete\"", level = "MAJOR", hours = 1 }
    untold     = { keywords = "notification.failed", level = "MINOR", hours = 1 }
    refused    = { keywords = "request.failed", level = "MINOR", hours = 1 }
    missing    = { keywords = "run.finished", level = "CRITICAL", hours = 24 }
  }
}

resource "huaweicloud_lts_group" "function" {
  count = var.alarms ? 1 : 0

  group_name  = var.name
  ttl_in_days = 30
}

resource "huaweicloud_lts_stream" "function" {
  count = var.alarms ? 1 : 0

  group_id    = huaweicloud_lts_group.function[0].id
  stream_name = var.name
}

# LTS searches 24 hours at most. "missing" is therefore looked for once a day: more often, it would sound whenever an audit ends later
# than the day before.
resource "huaweicloud_lts_keywords_alarm_rule" "function" {
  for_each = var.alarms ? local.alarms : {}

  name                   = "${var.name}-${each.key}"
  alarm_level            = each.value.level
  send_notifications     = var.alarm_action_rule != ""
  alarm_action_rule_name = var.alarm_action_rule != "" ? var.alarm_action_rule : null

  keywords_requests {
    keywords               = each.value.keywords
    condition              = each.key == "missing" ? "<" : ">="
    number                 = 1
    log_group_id           = huaweicloud_lts_group.function[0].id
    log_stream_id          = huaweicloud_lts_stream.function[0].id
    search_time_range_unit = "hour"
    search_time_range      = each.value.hours
  }

  frequency {
    type        = each.key == "missing" ? "DAILY" : "HOURLY"
    hour_of_day = each.key == "missing" ? var.alarm_hour : null
  }
}
