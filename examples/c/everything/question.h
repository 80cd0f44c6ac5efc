/* How handlers ask: the answer if it is there, otherwise the question is put. */
#ifndef EVERYTHING_QUESTION_H
#define EVERYTHING_QUESTION_H

#include "everything.h"

#define ELICIT "elicitation/create"
#define SAMPLE "sampling/createMessage"
#define ROOTS "roots/list"

/* What the client answered, parsed; freed with mcpring_json_free.
 *
 * NULL: the handler is done, and returns MCPRING_OK. Either the question has been put, and the
 * handler is entered again from its beginning when the answer is there, or the call has failed. */
mcpring_json *ask(mcpring_call *call, const char *key, const char *method, mcpring_str params);

/* As `ask`, for the parameters put together in `params`, which is freed. */
mcpring_json *ask_text(mcpring_call *call, const char *key, const char *method,
                       struct text *params);

/* The parameters of a form. */
mcpring_str form(struct text *params, mcpring_str message, const char *schema);
/* The parameters of a question to the model. */
mcpring_str sampling(struct text *params, mcpring_str prompt);

/* Adds what the person wrote into one field of a form; false when there is nothing. */
bool add_field(struct text *text, mcpring_json *answer, const char *name);
/* Adds the text that the model answered. */
void add_model_text(struct text *text, mcpring_json *answer);
/* Adds the places that the client works in. */
void add_roots(struct text *text, mcpring_json *answer);

/* A form of one field that has to be filled in. */
#define FORM_OF(name, type) \
  "{\"type\":\"object\",\"properties\":{\"" name "\":{\"type\":\"" type "\"}}," \
  "\"required\":[\"" name "\"]}"

#endif
