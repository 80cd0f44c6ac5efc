/* Prompts of every kind, one of them with a question before it answers. */
#include "question.h"

static void add_argument(struct text *text, mcpring_call *call, const char *name) {
  mcpring_str argument;
  if (mcpring_call_argument(call, mcpring_str_of(name), &argument) == MCPRING_OK)
    text_add(text, argument);
}

static mcpring_status simple(mcpring_call *call, void *user_data) {
  (void)user_data;
  return mcpring_call_reply_text(call, MCPRING_STR("This is a simple prompt for testing."));
}

static mcpring_status with_arguments(mcpring_call *call, void *user_data) {
  struct text text = TEXT_INIT;
  (void)user_data;
  text_say(&text, "Prompt with arguments: arg1='");
  add_argument(&text, call, "arg1");
  text_say(&text, "', arg2='");
  add_argument(&text, call, "arg2");
  text_say(&text, "'");
  return text_reply(&text, call);
}

/* What fits beside the other argument. */
static mcpring_status complete_second(mcpring_call *call, void *user_data) {
  struct text text = TEXT_INIT;
  mcpring_str first;
  (void)user_data;
  if (mcpring_call_argument(call, MCPRING_STR("arg1"), &first) != MCPRING_OK)
    return mcpring_call_finish(call);
  text_add(&text, first);
  text_say(&text, " too");
  return text_reply(&text, call);
}

/* One message with content, and one that says what to do with it. */
static mcpring_status show(mcpring_call *call, const mcpring_content *content, const char *words) {
  mcpring_status status = mcpring_call_add(call, content);
  if (!status) status = mcpring_call_add_text(call, mcpring_str_of(words));
  return status ? status : mcpring_call_finish(call);
}

static mcpring_status with_resource(mcpring_call *call, void *user_data) {
  mcpring_content content = MCPRING_CONTENT_INIT;
  (void)user_data;
  content.kind = MCPRING_CONTENT_RESOURCE_TEXT;
  content.data = MCPRING_STR("Embedded resource content for testing.");
  content.mime_type = MCPRING_STR("text/plain");
  mcpring_status status = mcpring_call_argument(call, MCPRING_STR("resourceUri"), &content.uri);
  return status ? status : show(call, &content, "Please process the embedded resource above.");
}

static mcpring_status with_image(mcpring_call *call, void *user_data) {
  mcpring_content content = MCPRING_CONTENT_INIT;
  (void)user_data;
  content.kind = MCPRING_CONTENT_IMAGE;
  content.data = pixel();
  content.mime_type = MCPRING_STR("image/png");
  return show(call, &content, "Please analyze the image above.");
}

static mcpring_status with_question(mcpring_call *call, void *user_data) {
  struct text params = TEXT_INIT, text = TEXT_INIT;
  (void)user_data;
  form(&params, MCPRING_STR("What context should the prompt use?"), FORM_OF("context", "string"));
  mcpring_json *answer = ask_text(call, "user_context", ELICIT, &params);
  if (answer == NULL) return MCPRING_OK;
  text_say(&text, "Prompt with elicited context: ");
  if (!add_field(&text, answer, "context")) text_say(&text, "(no context)");
  mcpring_json_free(answer);
  return text_reply(&text, call);
}

static mcpring_status add(mcpring_server *server, const char *name, const char *description,
                          mcpring_call_fn call, mcpring_execution execution) {
  mcpring_prompt prompt = MCPRING_PROMPT_INIT;
  prompt.name = mcpring_str_of(name);
  prompt.description = mcpring_str_of(description);
  prompt.call = call;
  prompt.execution = execution;
  return mcpring_server_add_prompt(server, &prompt);
}

static mcpring_argument required(const char *name, const char *description) {
  mcpring_argument argument = MCPRING_ARGUMENT_INIT;
  argument.name = mcpring_str_of(name);
  argument.description = mcpring_str_of(description);
  argument.required = true;
  return argument;
}

static mcpring_status add_with_arguments(mcpring_server *server) {
  static const mcpring_str values[] = {MCPRING_STR_INIT("test"), MCPRING_STR_INIT("testing"),
                                       MCPRING_STR_INIT("tested")};
  mcpring_completer completers[2] = {MCPRING_COMPLETER_INIT, MCPRING_COMPLETER_INIT};
  mcpring_argument arguments[2] = {MCPRING_ARGUMENT_INIT, MCPRING_ARGUMENT_INIT};
  mcpring_prompt prompt = MCPRING_PROMPT_INIT;
  arguments[0] = required("arg1", "One thing to say");
  arguments[1] = required("arg2", "Another thing to say");
  completers[0].name = MCPRING_STR("arg1");
  completers[0].values = values;
  completers[0].value_count = COUNT(values);
  completers[1].name = MCPRING_STR("arg2");
  completers[1].call = complete_second;
  prompt.name = MCPRING_STR("test_prompt_with_arguments");
  prompt.description = MCPRING_STR("Says what it was given.");
  prompt.arguments = arguments;
  prompt.argument_count = COUNT(arguments);
  prompt.completers = completers;
  prompt.completer_count = COUNT(completers);
  prompt.execution = MCPRING_RUN_INLINE;
  prompt.call = with_arguments;
  return mcpring_server_add_prompt(server, &prompt);
}

static mcpring_status add_with_resource(mcpring_server *server) {
  mcpring_argument uri = required("resourceUri", "Its URI");
  mcpring_prompt prompt = MCPRING_PROMPT_INIT;
  prompt.name = MCPRING_STR("test_prompt_with_embedded_resource");
  prompt.description = MCPRING_STR("Says a resource, whole.");
  prompt.arguments = &uri;
  prompt.argument_count = 1;
  prompt.execution = MCPRING_RUN_INLINE;
  prompt.call = with_resource;
  return mcpring_server_add_prompt(server, &prompt);
}

mcpring_status add_prompts(mcpring_server *server) {
  mcpring_status status =
      add(server, "test_simple_prompt", "Says one thing.", simple, MCPRING_RUN_INLINE);
  if (!status) status = add_with_arguments(server);
  if (!status) status = add_with_resource(server);
  if (!status)
    status = add(server, "test_prompt_with_image", "Shows a picture.", with_image,
                 MCPRING_RUN_INLINE);
  return status ? status
                : add(server, "test_input_required_result_prompt", "Asks for its context first.",
                      with_question, MCPRING_RUN_POOL);
}
