/* Whether the rows say of the ladder what results.json says: R² of every rung, and steps
 * as differences of what was found. The rows hold no ceiling: that one is held against
 * the ceiling elsewhere in the file, and both against the seal. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/ladder.h"
#include "report/rows_audit_parts.h"
#include "score/metrics.h"

/* The ceiling over the rows in question: of the ceiling's own entry, or of item `index`
 * of its list. NaN where that has none. */
static double ceiling_of(hr_row_audit *a, const char *kind, const char *list,
                         size_t index) {
  hr_node root = hr_reader_root(a->reader);
  if (!hr_node_has(&root, "ceiling")) return (double)NAN;
  hr_node ceiling = hr_node_object(a->reader, &root, "ceiling");
  bool is_fisher = strcmp(kind, "fisher") == 0;
  if (is_fisher && !hr_node_has(&ceiling, "fisher")) return (double)NAN;
  hr_node fisher = ceiling;
  if (is_fisher) fisher = hr_node_object(a->reader, &ceiling, "fisher");
  if (!hr_node_has(&fisher, "routed")) return (double)NAN;
  hr_node routed = hr_node_object(a->reader, &fisher, "routed");
  if (!list) return hr_node_number(a->reader, &routed, "r2_max");
  hr_node items = hr_node_list(a->reader, &routed, list);
  hr_node item = hr_node_item(a->reader, &items, index);
  return hr_node_number(a->reader, &item, "r2_max");
}

/* One part of the ladder: over the rows that are listed. */
typedef struct part {
  const hr_ladder_rows *ladder;
  const char *place;
  const char *list; /* "bins", "octiles"; NULL: all covered rows */
  size_t index;
} part;

static double found_on(hr_row_audit *a, const part *p, const hr_ladder_rung *rung) {
  if (rung->rung == HR_RUNG_CEILING) {
    return ceiling_of(a, rung->method, p->list, p->index);
  }
  const double *prediction = hr_rows_find(a->rows, rung->method);
  if (!prediction) {
    hr_audit_compare(a, p->place, rung->method, 0, 1);
    return (double)NAN;
  }
  return hr_metrics_compute(a->rows->target, prediction, a->list, a->count).r2;
}

static void audit_part(hr_row_audit *a, const part *p) {
  double found[HR_RUNGS + 1];
  char place[128];
  for (size_t i = 0; i <= HR_RUNGS; i++) found[i] = (double)NAN;
  hr_audit_compare(a, p->place, "n", p->ladder->rows, (double)a->count);
  for (size_t i = 0; i < p->ladder->rung_count; i++) {
    const hr_ladder_rung *rung = &p->ladder->rungs[i];
    found[rung->rung] = found_on(a, p, rung);
    snprintf(place, sizeof place, "%s.rungs[%zu]", p->place, i);
    hr_audit_compare(a, place, "r2", rung->r2.value, found[rung->rung]);
  }
  for (size_t i = 0; i < p->ladder->step_count; i++) {
    const hr_ladder_step *step = &p->ladder->steps[i];
    snprintf(place, sizeof place, "%s.steps[%zu]", p->place, i);
    hr_audit_compare(a, place, "delta_r2", step->delta.value,
                     found[step->to] - found[step->from]);
  }
}

/* Items without rows to hold them against: octiles of results that have none. */
static size_t audited_count(hr_row_audit *a, const char *list, size_t wanted) {
  size_t count = hr_ladder_count(a->reader, list);
  bool is_known = count == 0 || count == wanted;
  if (!is_known) {
    hr_audit_compare(a, "ladder", list, (double)count, (double)wanted);
  }
  return is_known ? count : 0;
}

void hr_audit_ladder(hr_row_audit *a, const hr_node *root) {
  char place[64];
  if (!hr_node_has(root, "ladder")) return;
  hr_ladder_rows ladder = hr_ladder_read(a->reader);
  hr_node bins = hr_node_list(a->reader, root, "bins");
  hr_audit_list_covered(a);
  audit_part(a, &(part){&ladder, "ladder", NULL, 0});
  if (hr_ladder_read_all(a->reader, &ladder)) {
    hr_audit_list_all(a);
    audit_part(a, &(part){&ladder, "ladder.all", NULL, 0});
  }
  size_t count = audited_count(a, "bins", hr_node_count(&bins));
  for (size_t k = 0; k < count; k++) {
    ladder = hr_ladder_read_item(a->reader, "bins", k);
    snprintf(place, sizeof place, "ladder.bins[%zu]", k);
    hr_audit_list_bin(a, k);
    audit_part(a, &(part){&ladder, place, "bins", k});
  }
  count = audited_count(a, "octiles", hr_audit_octile_count(a, root));
  for (size_t j = 0; j < count; j++) {
    ladder = hr_ladder_read_item(a->reader, "octiles", j);
    snprintf(place, sizeof place, "ladder.octiles[%zu]", j);
    hr_audit_list_octile(a, root, j);
    audit_part(a, &(part){&ladder, place, "octiles", j});
  }
}
