/* Finding the methods that are shown. */
#include "report/calibration.h"

#include <math.h>
#include <string.h>

/* The posterior that is told the bin, where the study has one; or NULL. */
static const char *find_posterior(hr_reader *reader, const hr_node *root) {
  if (!hr_node_has(root, "ceiling")) return NULL;
  hr_node ceiling = hr_node_object(reader, root, "ceiling");
  const char *expert = hr_node_text_or_null(reader, &ceiling, "expert");
  return expert ? hr_listed_find(reader, HR_LISTED_ORACLE, expert, false) : NULL;
}

static void add(hr_reader *reader, hr_calibration_shown *out, const char *name,
                const char *posterior) {
  for (size_t m = 0; name && m < hr_node_count(&out->methods); m++) {
    hr_node entry = hr_node_item(reader, &out->methods, m);
    if (strcmp(hr_node_text(reader, &entry, "method"), name) != 0) continue;
    out->entry[out->count] = entry;
    out->name[out->count] = name;
    out->is_posterior[out->count++] = posterior && strcmp(name, posterior) == 0;
    return;
  }
}

void hr_calibration_find(hr_reader *reader, hr_calibration_shown *out) {
  *out = (hr_calibration_shown){.root = hr_reader_root(reader)};
  if (!hr_node_has(&out->root, "calibration")) return;
  out->calibration = hr_node_object(reader, &out->root, "calibration");
  out->methods = hr_node_list(reader, &out->calibration, "methods");
  hr_node selection = hr_node_object(reader, &out->root, "selection");
  const char *headline = hr_node_text(reader, &selection, "headline");
  const char *posterior = find_posterior(reader, &out->root);
  add(reader, out, headline, posterior);
  if (posterior && strcmp(posterior, headline) != 0) {
    add(reader, out, posterior, posterior);
  }
}

hr_estimate hr_calibration_read(hr_reader *reader, const hr_node *node,
                                hr_calibration_measure measure) {
  return hr_node_estimate(reader, node, hr_calibration_key(measure),
                          hr_calibration_interval_key(measure));
}

double hr_calibration_half_rows(hr_reader *reader, const hr_node *node) {
  return hr_node_number(reader, node, "n_half");
}

bool hr_calibration_is_in_part(hr_reader *reader, const hr_node *node) {
  return hr_calibration_half_rows(reader, node) < hr_node_number(reader, node, "n");
}

double hr_calibration_edge(hr_reader *reader, const hr_calibration_shown *shown,
                           size_t j) {
  hr_node edges = hr_node_list(reader, &shown->calibration, "snr_edges");
  const json_t *edge = json_array_get(edges.json, j);
  return json_is_number(edge) ? json_number_value(edge) : (double)NAN;
}
