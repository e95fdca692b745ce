import AgentGraph
import AgentJSON

/// A state of many channels.
struct WideState: GraphState {
  var messages = SharedList<JSONValue>()
  var triggerEvents = SharedList<JSONValue>()
  var primaryIssueMedium = "email"
  var autoresponse: JSONValue?
  var issue: JSONValue?
  var relevantRules: SharedList<JSONValue>?
  var memoryDocs: SharedList<JSONValue>?
  var categorizations = SharedList<JSONValue>()
  var responses = SharedList<JSONValue>()
  var userInfo: JSONValue?
  var crmInfo: JSONValue?
  var emailThreadID: String?
  var slackParticipants = JSONObject()
  var botID: String?
  var notifiedAssignees = JSONObject()

  struct Channels: Sendable {
    let messages = StateChannel.appended("messages", \WideState.messages)
    let triggerEvents = StateChannel.appended("trigger_events", \WideState.triggerEvents)
    let primaryIssueMedium = StateChannel.reduced("primary_issue_medium", \WideState.primaryIssueMedium) {
      (old: inout String, new: String) in if !new.isEmpty { old = new }
    }
    let autoresponse = StateChannel.reduced("autoresponse", \WideState.autoresponse) {
      (old: inout JSONValue?, new: JSONValue?) in old = new
    }
    let issue = StateChannel.reduced("issue", \WideState.issue) {
      (old: inout JSONValue?, new: JSONValue?) in if new?.objectValue?.isEmpty == false { old = new }
    }
    let relevantRules = StateChannel.last("relevant_rules", \WideState.relevantRules)
    let memoryDocs = StateChannel.last("memory_docs", \WideState.memoryDocs)
    let categorizations = StateChannel.appended("categorizations", \WideState.categorizations)
    let responses = StateChannel.appended("responses", \WideState.responses)
    let userInfo = StateChannel.reduced("user_info", \WideState.userInfo, unlessNil)
    let crmInfo = StateChannel.reduced("crm_info", \WideState.crmInfo, unlessNil)
    let emailThreadID = StateChannel.reduced("email_thread_id", \WideState.emailThreadID, unlessNil)
    let slackParticipants = StateChannel.reduced("slack_participants", \WideState.slackParticipants, merge)
    let botID = StateChannel.last("bot_id", \WideState.botID)
    let notifiedAssignees = StateChannel.reduced("notified_assignees", \WideState.notifiedAssignees, merge)
  }
  static let channels = Channels()
}

@Sendable private func unlessNil<Value>(_ old: inout Value?, _ new: Value?) { if new != nil { old = new } }

@Sendable private func merge(_ old: inout JSONObject, _ new: JSONObject) {
  for (key, value) in new { old[key] = value }
}
