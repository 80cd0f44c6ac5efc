/* Tools whose questions have the keys the suite looks for, and that leave themselves a state. */
#include "question.h"

#define WHO_FORM \
  "{\"mode\":\"form\",\"message\":\"What is your name?\",\"requestedSchema\":" \
  FORM_OF("name", "string") "}"
#define GREETING_QUESTION \
  "{\"messages\":[{\"role\":\"user\",\"content\":{\"type\":\"text\"," \
  "\"text\":\"Generate a greeting\"}}],\"maxTokens\":100}"
#define CAPITAL_QUESTION \
  "{\"messages\":[{\"role\":\"user\",\"content\":{\"type\":\"text\"," \
  "\"text\":\"What is the capital of France?\"}}],\"maxTokens\":100}"
#define CONFIRM_FORM \
  "{\"mode\":\"form\",\"message\":\"Please confirm\",\"requestedSchema\":" \
  FORM_OF("ok", "boolean") "}"
#define STEP_1_FORM \
  "{\"mode\":\"form\",\"message\":\"Step 1: What is your name?\",\"requestedSchema\":" \
  FORM_OF("name", "string") "}"
#define STEP_2_FORM \
  "{\"mode\":\"form\",\"message\":\"Step 2: What is your favorite color?\",\"requestedSchema\":" \
  FORM_OF("color", "string") "}"

struct question {
  const char *key, *method, *params;
};

static const struct question three_questions[] = {
    {"user_name", ELICIT, WHO_FORM},
    {"greeting", SAMPLE, GREETING_QUESTION},
    {"client_roots", ROOTS, "{}"},
};

static mcpring_status add_question(mcpring_call *call, const struct question *question) {
  return mcpring_call_ask(call, mcpring_str_of(question->key), mcpring_str_of(question->method),
                          mcpring_str_of(question->params));
}

static bool has_state(mcpring_call *call, mcpring_str *state) {
  return mcpring_call_state(call, state) == MCPRING_OK;
}

static void add_name(struct text *text, mcpring_json *answer) {
  if (!add_field(text, answer, "name")) text_say(text, "whoever you are");
}

static mcpring_status elicitation(mcpring_call *call, void *row) {
  struct text text = TEXT_INIT;
  (void)row;
  mcpring_json *answer = ask(call, "user_name", ELICIT, MCPRING_STR(WHO_FORM));
  if (answer == NULL) return MCPRING_OK;
  text_say(&text, "Hello, ");
  add_name(&text, answer);
  text_say(&text, "!");
  mcpring_json_free(answer);
  return text_reply(&text, call);
}

static mcpring_status sampling_required(mcpring_call *call, void *row) {
  struct text text = TEXT_INIT;
  (void)row;
  mcpring_json *answer = ask(call, "capital_question", SAMPLE, MCPRING_STR(CAPITAL_QUESTION));
  if (answer == NULL) return MCPRING_OK;
  text_say(&text, "Sampling response: ");
  add_model_text(&text, answer);
  mcpring_json_free(answer);
  return text_reply(&text, call);
}

static mcpring_status roots_required(mcpring_call *call, void *row) {
  struct text text = TEXT_INIT;
  (void)row;
  mcpring_json *answer = ask(call, "client_roots", ROOTS, mcpring_str_of(NULL));
  if (answer == NULL) return MCPRING_OK;
  add_roots(&text, answer);
  mcpring_json_free(answer);
  return text_reply(&text, call);
}

/* Leaves itself a word while it asks, and looks for it in what comes back. */
static mcpring_status confirmed(mcpring_call *call, void *row) {
  static const struct question confirm = {"confirm", ELICIT, CONFIRM_FORM};
  mcpring_str state;
  (void)row;
  if (has_state(call, &state) && str_is(state, "asked"))
    return mcpring_call_reply_text(call, MCPRING_STR("Confirmed: state-ok"));
  mcpring_status status = add_question(call, &confirm);
  if (!status) status = mcpring_call_set_state(call, MCPRING_STR("asked"));
  return status ? status : mcpring_call_finish(call);
}

static mcpring_status ask_several(mcpring_call *call) {
  mcpring_status status = mcpring_call_set_state(call, MCPRING_STR("asked"));
  for (size_t i = 0; i < COUNT(three_questions) && !status; i++)
    status = add_question(call, &three_questions[i]);
  return status ? status : mcpring_call_finish(call);
}

static mcpring_status several(mcpring_call *call, void *row) {
  struct text text = TEXT_INIT;
  mcpring_json *answers[COUNT(three_questions)] = {NULL, NULL, NULL};
  mcpring_str state;
  size_t count = 0;
  (void)row;
  if (!has_state(call, &state)) return ask_several(call);
  /* An answer that is missing is asked for again. */
  for (; count < COUNT(answers); count++) {
    const struct question *question = &three_questions[count];
    answers[count] =
        ask(call, question->key, question->method, mcpring_str_of(question->params));
    if (answers[count] == NULL) break;
  }
  if (count == COUNT(answers)) {
    add_model_text(&text, answers[1]);
    text_say(&text, ", ");
    add_name(&text, answers[0]);
    text_say(&text, "! ");
    add_roots(&text, answers[2]);
  }
  for (size_t i = 0; i < count; i++) mcpring_json_free(answers[i]);
  return count == COUNT(answers) ? text_reply(&text, call) : MCPRING_OK;
}

/* One question after another; the state says how far it came. */
static mcpring_status rounds(mcpring_call *call, void *row) {
  static const struct question steps[] = {{"step1", ELICIT, STEP_1_FORM},
                                          {"step2", ELICIT, STEP_2_FORM}};
  mcpring_str state = MCPRING_STR("");
  (void)row;
  bool is_first = !has_state(call, &state), is_second = str_is(state, "1");
  if (!is_first && !is_second)
    return mcpring_call_reply_text(call, MCPRING_STR("Multi-round flow complete"));
  mcpring_status status = add_question(call, &steps[is_first ? 0 : 1]);
  if (!status)
    status = mcpring_call_set_state(call, is_first ? MCPRING_STR("1") : MCPRING_STR("2"));
  return status ? status : mcpring_call_finish(call);
}

/* Asks only what the client declared, and only once. */
static mcpring_status declared(mcpring_call *call, void *row) {
  bool is_answered = false, asks = false;
  mcpring_str answer;
  (void)row;
  for (size_t i = 0; i < COUNT(three_questions); i++) {
    mcpring_str key = mcpring_str_of(three_questions[i].key);
    is_answered |= mcpring_call_answer(call, key, &answer) != MCPRING_ERR_NOT_FOUND;
  }
  for (size_t i = 0; i < COUNT(three_questions) && !is_answered; i++) {
    const struct question *question = &three_questions[i];
    bool can = false;
    mcpring_status status = mcpring_call_can_ask(call, mcpring_str_of(question->method),
                                                 mcpring_str_of(question->params), &can);
    if (!status && can) status = add_question(call, question);
    if (status) return status;
    asks |= can;
  }
  return asks ? mcpring_call_finish(call)
              : mcpring_call_reply_text(call, MCPRING_STR("Capability-aware flow complete"));
}

#define ROW(name, description, call) \
  {"test_input_required_result_" name, description, NO_ARGUMENTS, call, NULL, MCPRING_RUN_POOL, \
   MCPRING_TASK_FORBIDDEN, false}

static const struct tool_row tools[] = {
    ROW("elicitation", "Asks for a name.", elicitation),
    ROW("sampling", "Asks the client's model.", sampling_required),
    ROW("list_roots", "Asks for the client's roots.", roots_required),
    ROW("request_state", "Remembers something while it asks.", confirmed),
    ROW("tampered_state", "Refuses a state that was changed.", confirmed),
    ROW("multiple_inputs", "Asks three questions at once.", several),
    ROW("multi_round", "Asks one question after another.", rounds),
    ROW("capabilities", "Asks only what the client declared.", declared),
};

mcpring_status add_input_required_tools(mcpring_server *server) {
  return add_tools(server, tools, COUNT(tools), NULL);
}
