/* What an expert or a gate does stands in a table of words; its settings are
 * results.json's, which has them as the configuration writes them, so that a reader finds
 * each there. */
#include "report/settings.h"

#include <string.h>

#include "report/table.h"
#include "report/tables.h"
#include "report/words.h"

static void append_settings(hr_reader *reader, const hr_node *settings, hr_text *out) {
  const char *key = NULL;
  json_t *value = NULL;
  size_t count = 0;
  json_object_foreach(settings->json, key, value) {
    const char *text = json_string_value(value);
    hr_text_append(out, "%s`%s` ",
                   count++ == 0 ? hr_say(reader, " Settings: ", "设置：")
                                : hr_say(reader, ", ", "，"),
                   key);
    if (text) hr_append_markdown(text, out);
  }
  if (count > 0) hr_text_append(out, "%s", hr_say(reader, ".", "。"));
}

/* What it is, does: NULL where no words are known. */
static void tell_one(hr_reader *reader, const hr_node *entry, const char *title,
                     const char *does, hr_text *out) {
  hr_node settings = hr_node_object(reader, entry, "settings");
  hr_text_append(out, "- ");
  hr_append_markdown(title, out);
  if (does) {
    hr_text_append(out, "%s%s", hr_say(reader, ": ", "："), does);
  } else {
    hr_text_append(out, "%s", hr_say(reader, ".", "。"));
  }
  append_settings(reader, &settings, out);
  hr_text_append(out, "\n");
}

static void tell_experts(hr_reader *reader, const hr_node *root, hr_text *out) {
  bool chinese = hr_tables_in_chinese(reader);
  hr_node experts = hr_node_list(reader, root, "experts");
  size_t told = 0;
  for (size_t e = 0; e < hr_node_count(&experts); e++) {
    hr_node expert = hr_node_item(reader, &experts, e);
    if (!hr_node_has(&expert, "settings")) continue;
    if (told++ == 0) {
      hr_text_append(out, "%s\n\n",
                     hr_say(reader, "What each expert is, and what it was told:",
                            "各专家是什么，以何种设置训练："));
    }
    tell_one(reader, &expert, hr_expert_title(reader, &expert),
             hr_words_expert(hr_node_text(reader, &expert, "name"), chinese), out);
  }
  if (told > 0) hr_text_append(out, "\n");
}

static void tell_gates(hr_reader *reader, const hr_node *root, hr_text *out) {
  bool chinese = hr_tables_in_chinese(reader);
  size_t told = 0;
  if (!hr_node_has(root, "gates")) return;
  hr_node gates = hr_node_list(reader, root, "gates");
  for (size_t g = 0; g < hr_node_count(&gates); g++) {
    hr_node gate = hr_node_item(reader, &gates, g);
    const char *name = hr_node_text(reader, &gate, "name");
    const char *title = hr_words_gate(name, chinese);
    if (!hr_node_has(&gate, "settings")) continue;
    if (told++ == 0) {
      hr_text_append(out, "%s\n\n",
                     hr_say(reader, "What each gate is, and what it was told:",
                            "各门控是什么，以何种设置训练："));
    }
    tell_one(reader, &gate, title ? title : hr_node_text(reader, &gate, "title"),
             hr_words_gate_does(name, chinese), out);
  }
  if (told > 0) hr_text_append(out, "\n");
}

void hr_settings_tell(hr_reader *reader, hr_text *out) {
  hr_node root = hr_reader_root(reader);
  tell_experts(reader, &root, out);
  tell_gates(reader, &root, out);
}

const char *hr_settings_find(hr_reader *reader, const char *expert, const char *setting) {
  hr_node root = hr_reader_root(reader);
  hr_node experts = hr_node_list(reader, &root, "experts");
  for (size_t e = 0; e < hr_node_count(&experts); e++) {
    hr_node entry = hr_node_item(reader, &experts, e);
    if (strcmp(hr_node_text(reader, &entry, "name"), expert) != 0) continue;
    if (!hr_node_has(&entry, "settings")) continue;
    hr_node settings = hr_node_object(reader, &entry, "settings");
    if (hr_node_has(&settings, setting)) return hr_node_text(reader, &settings, setting);
  }
  return "";
}
