/* Nodes of n8n that ask models: chains, agents, OpenAI, extraction, classification. */
#include "base/json.h"
#include "expr/schema.h"
#include "foreign/n8n_nodes.h"

#include <string.h>

/* --- models --- */

static struct slice
model_name(const struct n8n_node *node)
{
    static const char *const keys[] = {"model", "modelId", "modelName", "chatModel"};
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        struct value value = n8n_param(node, keys[i]);
        struct slice text = value_slice_or(value, n8n_text(value, "value"));
        if (text.size > 0 && text.ptr[0] != '=')
            return text;
    }
    return slice_of("", 0);
}

/* Providers of ours by the name of their node. */
static const char *
provider_of(struct slice type)
{
    if (slice_is(type, "lmChatOpenAi") || slice_is(type, "openAi") || slice_is(type, "lmOpenAi"))
        return "openai";
    return slice_is(type, "lmChatAnthropic") || slice_is(type, "anthropic") ? "anthropic" : NULL;
}

static void
put_number(struct n8n *n8n, struct value *config, const char *name, struct value value)
{
    if (value_is_number(value) && value_real(value) >= 0)
        n8n_put(n8n, config, name, value);
}

/* The model that `from` names, for the step of `node`; is_writing: the step takes settings of it.
 */
static void
put_model(struct n8n *n8n, struct n8n_node *node, struct n8n_node *from, struct value *config,
          bool is_writing)
{
    struct slice name = from == NULL ? slice_of("", 0) : model_name(from);
    const char *provider = from == NULL ? NULL : provider_of(from->type);
    struct slice shown = slice_cut(name, 100);
    if (provider != NULL && name.size > 0)
        n8n_put_text(n8n, config, "model",
                     arena_format(n8n->arena, "%s/%.*s", provider, SLICE_FORMAT(shown)));
    else
        n8n_change(n8n, node,
                   arena_format(n8n->arena,
                                "its model %.*s has no provider of ours by that name: "
                                "the model `default` is asked (docs/models.md)",
                                SLICE_FORMAT(shown)));
    if (from == NULL)
        return;
    from->is_done = true;
    if (!is_writing)
        return;
    struct value tokens = n8n_param(from, "options.maxTokens");
    put_number(n8n, config, "temperature", n8n_param(from, "options.temperature"));
    if (tokens.kind == VALUE_INT && tokens.integer > 0)
        n8n_put(n8n, config, "max_tokens", tokens);
}

static void
put_model_of(struct n8n *n8n, struct n8n_node *node, struct value *config, bool is_writing)
{
    put_model(n8n, node, n8n_sub_of(node, "ai_languageModel"), config, is_writing);
}

/* --- schemas --- */

/* What an example is like. */
static struct value
schema_of(struct n8n *n8n, struct value example)
{
    struct value schema = value_empty_object(), properties = value_empty_object();
    if (example.kind == VALUE_OBJECT) {
        for (uint32_t i = 0; i < example.count; i++)
            properties = value_object_set(n8n->arena, properties, value_members(example)[i].key,
                                          schema_of(n8n, value_members(example)[i].value));
        n8n_put_text(n8n, &schema, "type", "object");
        n8n_put(n8n, &schema, "properties", properties);
    } else if (example.kind == VALUE_ARRAY) {
        n8n_put_text(n8n, &schema, "type", "array");
        if (example.count > 0)
            n8n_put(n8n, &schema, "items", schema_of(n8n, value_items(example)[0]));
    } else if (example.kind != VALUE_NULL) {
        n8n_put_text(n8n, &schema, "type", value_kind_name(example));
    }
    return schema;
}

static struct value
parse_text(struct n8n *n8n, struct slice text)
{
    struct value value = {0};
    struct error error;
    if (text.size == 0 || text.ptr[0] == '=' ||
        json_parse(&value, n8n->arena, text, 0, NULL, &error) != STATUS_OK)
        return (struct value){0};
    return value;
}

static void
pass_over(const char *instance_path, const char *schema_path, const char *words, void *context)
{
}

/* Schemas of other drafts are refused by our steps. */
static bool
is_good_schema(struct n8n *n8n, struct value value)
{
    struct schema *schema = NULL;
    return schema_compile(&schema, n8n->arena, value, pass_over, NULL) == STATUS_OK;
}

/* The schema that a parser or an extractor is given: an example, or a JSON Schema. */
static struct value
read_schema(struct n8n *n8n, const struct n8n_node *from)
{
    static const char *const texts[] = {"inputSchema", "jsonSchema"};
    struct value example = parse_text(n8n, n8n_param_text(from, "jsonSchemaExample"));
    bool is_manual = n8n_param_is(from, "schemaType", "manual");
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct value schema = parse_text(n8n, n8n_param_text(from, texts[i]));
        bool is_meant = is_manual || example.kind == VALUE_NONE;
        if (schema.kind != VALUE_OBJECT || !is_meant)
            continue;
        schema = value_object_remove(n8n->arena, schema, SLICE("$schema"));
        if (is_good_schema(n8n, schema))
            return schema;
    }
    return example.kind == VALUE_OBJECT ? schema_of(n8n, example) : (struct value){0};
}

/* --- chains and agents --- */

struct asking {
    struct n8n *n8n;
    struct n8n_node *node;
    struct n8n_stream *at;
    struct value config;
    const char *system, *prompt; /* templates; NULL if there are none yet */
};

static void
add_text(struct asking *asking, const char **to, struct value value, const char *parameter)
{
    struct value text = n8n_template(asking->n8n, asking->node, asking->at, value, parameter);
    if (text.kind != VALUE_STRING || text.count == 0)
        return;
    const char *words = arena_copy(asking->n8n->arena, value_slice(text)).ptr;
    *to = *to == NULL ? words : n8n_cat(asking->n8n->arena, *to, "\n\n", words, NULL);
}

/* Messages by who says them. */
static void
add_messages(struct asking *asking, struct value list, const char *role, const char *text)
{
    for (uint32_t i = 0; list.kind == VALUE_ARRAY && i < list.count; i++) {
        struct value message = value_items(list)[i];
        struct slice who = n8n_text(message, role);
        bool is_system = slice_is(who, "system") || slice_is(who, "SystemMessagePromptTemplate") ||
                         (who.size == 0 && strcmp(role, "type") == 0);
        bool is_model = slice_is(who, "assistant") || slice_is(who, "AIMessagePromptTemplate");
        if (is_model)
            n8n_change(asking->n8n, asking->node,
                       "messages that the model is said to have written stand in the prompt");
        add_text(asking, is_system ? &asking->system : &asking->prompt, value_get(message, text),
                 "messages");
    }
}

static void
put_texts(struct asking *asking)
{
    if (asking->system != NULL)
        n8n_put_text(asking->n8n, &asking->config, "system", asking->system);
    n8n_put_text(asking->n8n, &asking->config, "prompt",
                 asking->prompt == NULL ? "" : asking->prompt);
}

static struct asking
asking_of(struct n8n *n8n, struct n8n_node *node)
{
    return (struct asking){
        .n8n = n8n, .node = node, .at = &node->streams[0], .config = value_empty_object()};
}

/* The prompt is written down, or what the chat says. */
static void
add_prompt(struct asking *asking)
{
    struct value text = n8n_param(asking->node, "text");
    if (text.kind == VALUE_NONE)
        text = n8n_param(asking->node, "prompt");
    bool is_auto = n8n_param_is(asking->node, "promptType", "auto") || text.kind == VALUE_NONE;
    add_text(asking, &asking->prompt, is_auto ? value_text("={{ $json.chatInput }}") : text,
             "text");
}

/* Asks, and makes of the answer what the node gives: `text`, or an object under `object`. */
static void
ask(struct asking *asking, const char *text, const char *object)
{
    struct n8n *n8n = asking->n8n;
    struct n8n_node *node = asking->node, *parser = n8n_sub_of(node, "ai_outputParser");
    struct value schema = parser == NULL ? (struct value){0} : read_schema(n8n, parser);
    put_texts(asking);
    if (parser != NULL && slice_is(n8n_text(schema, "type"), "object")) {
        n8n_put(n8n, &asking->config, "output", schema);
        parser->is_done = true;
    } else if (parser != NULL) {
        n8n_leave_out(n8n, node, asking->at,
                      "the form of its answer is not a plain object by JSON Schema 2020-12: write "
                      "`output` of "
                      "an ai_generate step by hand");
        return;
    }
    const char *id = n8n_step(n8n, node, asking->at, "ai_generate", asking->config, NULL);
    n8n_effect(n8n, node, asking->at);
    const char *value = n8n_cat(n8n->arena, ".steps.", id, parser == NULL ? ".text" : "", NULL);
    const char *name = parser == NULL ? text : object;
    n8n_transform(n8n, node, asking->at, n8n_cat(n8n->arena, "{", name, ": ", value, "}", NULL));
}

void
n8n_chain(struct n8n *n8n, struct n8n_node *node)
{
    struct asking asking = asking_of(n8n, node);
    put_model_of(n8n, node, &asking.config, true);
    add_messages(&asking, n8n_param(node, "messages.messageValues"), "type", "message");
    add_prompt(&asking);
    ask(&asking, "text", "output");
}

void
n8n_agent(struct n8n *n8n, struct n8n_node *node)
{
    struct asking asking = asking_of(n8n, node);
    if (n8n_sub_of(node, "ai_tool") != NULL) {
        n8n_leave_out(n8n, node, asking.at,
                      "models call no tools here: put the steps that its tools do before an "
                      "ai_generate step");
        return;
    }
    if (n8n_sub_of(node, "ai_memory") != NULL)
        n8n_change(n8n, node, "it remembers no earlier messages: each run stands by itself");
    put_model_of(n8n, node, &asking.config, true);
    add_text(&asking, &asking.system, n8n_param(node, "options.systemMessage"), "systemMessage");
    add_prompt(&asking);
    ask(&asking, "output", "output");
}

/* --- OpenAI --- */

/* What the node gives, which is what the API answers. */
static void
take_choice(struct n8n *n8n, struct n8n_node *node, struct n8n_stream *at, const char *id)
{
    bool is_json = value_is_true(n8n_param(node, "jsonOutput"));
    const char *text =
        n8n_cat(n8n->arena, ".steps.", id, is_json ? ".text | fromjson" : ".text", NULL);
    if (n8n_param(node, "responses.values").kind == VALUE_ARRAY)
        n8n_transform(n8n, node, at,
                      n8n_cat(n8n->arena,
                              "{output: [{type: \"message\", role: \"assistant\", content: [{type: "
                              "\"output_text\", text: (",
                              text, ")}]}]}", NULL));
    else if (n8n_param_is(node, "resource", "text") && node->version < 1.1 &&
             n8n_param(node, "messages.values").kind == VALUE_NONE)
        n8n_transform(n8n, node, at, n8n_cat(n8n->arena, "{text: (", text, ")}", NULL));
    else
        n8n_transform(n8n, node, at,
                      n8n_cat(n8n->arena, "{index: 0, message: {role: \"assistant\", content: (",
                              text, ")}, finish_reason: \"stop\"}", NULL));
}

void
n8n_openai(struct n8n *n8n, struct n8n_node *node)
{
    static const char *const lists[] = {"messages.values", "responses.values", "prompt.messages"};
    struct asking asking = asking_of(n8n, node);
    struct slice resource = n8n_param_text(node, "resource");
    struct slice operation = n8n_param_text(node, "operation");
    bool is_text = resource.size == 0 || slice_is(resource, "text") || slice_is(resource, "chat");
    bool is_message = operation.size == 0 || slice_is(operation, "message") ||
                      slice_is(operation, "response") || slice_is(operation, "complete");
    if (!is_text || !is_message || n8n_sub_of(node, "ai_tool") != NULL) {
        n8n_leave_out(n8n, node, asking.at,
                      "only texts that a model writes, without tools, have a step: ai_generate");
        return;
    }
    put_model(n8n, node, node, &asking.config, true);
    for (size_t i = 0; i < COUNT_OF(lists); i++)
        add_messages(&asking, n8n_param(node, lists[i]), "role", "content");
    if (n8n_param(node, "prompt").kind == VALUE_STRING)
        add_text(&asking, &asking.prompt, n8n_param(node, "prompt"), "prompt");
    put_texts(&asking);
    const char *id = n8n_step(n8n, node, asking.at, "ai_generate", asking.config, NULL);
    n8n_effect(n8n, node, asking.at);
    take_choice(n8n, node, asking.at, id);
}

/* --- extraction --- */

/* Words that hold no expression. */
static bool
is_plain(struct slice text)
{
    return text.size > 0 && text.ptr[0] != '=' && memmem(text.ptr, text.size, "{{", 2) == NULL;
}

static struct value
attributes_of(struct n8n *n8n, const struct n8n_node *node)
{
    static const char *const types[] = {"string", "number", "boolean", "date"};
    struct value list = n8n_param(node, "attributes.attributes"), fields = value_empty_object();
    for (uint32_t i = 0; list.kind == VALUE_ARRAY && i < list.count; i++) {
        struct value one = value_items(list)[i], field = value_empty_object();
        struct slice type = n8n_text(one, "type"), about = n8n_text(one, "description");
        const char *known = "string";
        for (size_t k = 0; k < COUNT_OF(types); k++)
            known = slice_is(type, types[k]) ? types[k] : known;
        n8n_put_text(n8n, &field, "type", known);
        if (is_plain(about))
            n8n_put(n8n, &field, "description", value_string(about));
        if (n8n_text(one, "name").size > 0)
            fields =
                value_object_set(n8n->arena, fields, value_string(n8n_text(one, "name")), field);
    }
    return fields;
}

void
n8n_extract(struct n8n *n8n, struct n8n_node *node)
{
    struct n8n_stream *at = &node->streams[0];
    struct value config = value_empty_object(), fields = attributes_of(n8n, node);
    struct value schema = read_schema(n8n, node);
    struct value text = n8n_template(n8n, node, at, n8n_param(node, "text"), "text");
    struct slice mode = n8n_param_text(node, "schemaType");
    bool has_fields = fields.count > 0 && (mode.size == 0 || slice_is(mode, "fromAttributes"));
    if (!has_fields && !slice_is(n8n_text(schema, "type"), "object")) {
        n8n_leave_out(n8n, node, at,
                      "what it extracts is not a plain object by JSON Schema 2020-12: write "
                      "`fields` by hand");
        return;
    }
    put_model_of(n8n, node, &config, false);
    if (has_fields)
        n8n_put(n8n, &config, "fields", fields);
    else
        n8n_put_text(n8n, &config, "prompt", "Extract what the text says.");
    if (!has_fields)
        n8n_put(n8n, &config, "output", schema);
    n8n_put(n8n, &config, "sources", value_array_new(n8n->arena, &text, 1));
    const char *id = n8n_step(n8n, node, at, has_fields ? "extract" : "ai_generate", config, NULL);
    n8n_effect(n8n, node, at);
    n8n_transform(n8n, node, at,
                  n8n_cat(n8n->arena, "{output: (.steps.", id,
                          " | if . == null then . else del(.confidence, .citations) end)}", NULL));
}

/* --- classification --- */

struct classes {
    struct slice names[N8N_PORTS_MAX];
    unsigned count;
    struct value labels;
};

static void
add_class(struct n8n *n8n, struct classes *classes, struct slice name, struct slice about)
{
    if (!is_plain(name) || classes->count + 1 >= N8N_PORTS_MAX)
        return;
    classes->names[classes->count++] = name;
    classes->labels = value_object_set(n8n->arena, classes->labels, value_string(name),
                                       value_string(is_plain(about) ? about : name));
}

/* An output for each label. */
static void
branch_by_label(struct n8n *n8n, struct n8n_node *node, const struct classes *classes,
                const char *label)
{
    struct n8n_switching switching = {.count = classes->count, .fallback = -1};
    for (unsigned i = 0; i < classes->count; i++) {
        struct slice quoted = json_text(n8n->arena, value_string(classes->names[i]));
        switching.tests[i] = n8n_cat(n8n->arena, label, " == ", quoted.ptr, NULL);
        switching.ports[i] = i;
    }
    n8n_switch_one(n8n, node, &switching);
}

/* The step; gives the path of its label. */
static const char *
classify(struct n8n *n8n, struct n8n_node *node, const struct classes *classes,
         const char *parameter)
{
    struct n8n_stream *at = &node->streams[0];
    struct value config = value_empty_object();
    struct value prompt = n8n_param(node, "options.systemPromptTemplate");
    put_model_of(n8n, node, &config, false);
    n8n_put(n8n, &config, "labels", classes->labels);
    n8n_put(n8n, &config, "text",
            n8n_template(n8n, node, at, n8n_param(node, parameter), parameter));
    if (prompt.kind == VALUE_STRING)
        n8n_change(n8n, node, "its own system prompt is left out: write `prompt` by hand");
    const char *id = n8n_step(n8n, node, at, "classify", config, NULL);
    n8n_effect(n8n, node, at);
    return n8n_cat(n8n->arena, ".steps.", id, ".label", NULL);
}

void
n8n_classify(struct n8n *n8n, struct n8n_node *node)
{
    struct value list = n8n_param(node, "categories.categories");
    struct classes classes = {.labels = value_empty_object()};
    for (uint32_t i = 0; list.kind == VALUE_ARRAY && i < list.count; i++)
        add_class(n8n, &classes, n8n_text(value_items(list)[i], "category"),
                  n8n_text(value_items(list)[i], "description"));
    if (n8n_param_is(node, "options.fallback", "other"))
        add_class(n8n, &classes, SLICE("other"), SLICE("Anything else"));
    if (classes.labels.count != classes.count || classes.count < 2) {
        n8n_leave_out(n8n, node, &node->streams[0], "it needs two or more different categories");
        return;
    }
    if (value_is_true(n8n_param(node, "options.multiClass")))
        n8n_change(n8n, node, "one category is chosen, not several");
    branch_by_label(n8n, node, &classes, classify(n8n, node, &classes, "inputText"));
}

void
n8n_sentiment(struct n8n *n8n, struct n8n_node *node)
{
    struct classes classes = {.labels = value_empty_object()};
    struct slice names[N8N_PORTS_MAX], text = n8n_param_text(node, "options.categories");
    size_t count = n8n_names(text.size > 0 ? text : SLICE("Positive, Neutral, Negative"), names,
                             N8N_PORTS_MAX - 1);
    for (size_t i = 0; i < count; i++)
        add_class(n8n, &classes, names[i], slice_of("", 0));
    if (classes.labels.count != classes.count || classes.count < 2) {
        n8n_leave_out(n8n, node, &node->streams[0], "it needs two or more different categories");
        return;
    }
    struct n8n_stream *at = &node->streams[0];
    const char *json = n8n_json(n8n, at);
    const char *label = classify(n8n, node, &classes, "inputText");
    n8n_transform(
        n8n, node, at,
        n8n_cat(n8n->arena, json, " + {sentimentAnalysis: {category: ", label, "}}", NULL));
    branch_by_label(n8n, node, &classes, label);
}
