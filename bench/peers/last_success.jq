# The last success of each resource, and nothing else.
reduce (inputs.operation_logs[] | select(.operation_type == "backup" and .status == "success")) as $task
  ({}; .[$task.extra_info.resource.id] |= if . == null or . < $task.created_at then $task.created_at else . end)
| length
