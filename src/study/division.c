/* Longest first, to whom has least: never more than 4/3 of the best division there is
 * (Graham 1969), and the same wherever it is computed. */
#include "study/division.h"

#include <string.h>

#include "core/alloc.h"
#include "study/card.h"

bool hr_division_splits(const hr_method *type) {
  return type->slots_apart;
}

static size_t slots_of(const hr_plan *plan, const hr_config_expert *expert) {
  return hr_method_slots(expert->type, expert->parameters, plan->view.bin_count);
}

/* Operations as if memory were plenty: what a machine has must not change the division.
 * wanted NULL: of all slots. */
static double operations_of(const hr_plan *plan, const hr_config_expert *expert,
                            const bool *wanted) {
  hr_study_view view = plan->view;
  hr_cost cost = {0};
  view.memory_bytes = (size_t)1 << 40;
  view.low_memory = HR_LOW_MEMORY_NONE;
  view.wanted = wanted;
  if (expert->type->estimate) {
    expert->type->estimate(&view, expert->parameters, &cost);
  }
  return cost.operations;
}

static void add_piece(hr_division *division, size_t expert, int slot, double operations) {
  division->pieces[division->count++] =
      (hr_piece){.expert = expert, .slot = slot, .operations = operations};
}

static void list_pieces(const hr_plan *plan, hr_division *out) {
  bool wanted[HR_MOST_BINS + 1] = {false};
  for (size_t i = 0; i < plan->config->expert_count; i++) {
    const hr_config_expert *expert = &plan->config->experts[i];
    if (!hr_division_splits(expert->type)) {
      add_piece(out, i, HR_EVERY_SLOT, operations_of(plan, expert, NULL));
      continue;
    }
    for (size_t s = 0; s < slots_of(plan, expert); s++) {
      wanted[s] = true;
      double operations = operations_of(plan, expert, wanted);
      if (operations > 0) add_piece(out, i, (int)s, operations);
      wanted[s] = false;
    }
  }
}

/* The piece with most operations that has no element yet, of several the first. */
static hr_piece *largest_left(const hr_division *division) {
  hr_piece *largest = NULL;
  for (size_t i = 0; i < division->count; i++) {
    hr_piece *piece = &division->pieces[i];
    if (piece->element < division->elements) continue;
    if (!largest || piece->operations > largest->operations) largest = piece;
  }
  return largest;
}

static void deal(hr_division *division) {
  hr_piece *piece = NULL;
  for (size_t i = 0; i < division->count; i++) {
    division->pieces[i].element = division->elements; /* nobody's yet */
  }
  memset(division->load, 0, division->elements * sizeof *division->load);
  /* Where there are no more operations, still no element twice before all have one. */
  for (size_t dealt = 0; (piece = largest_left(division)); dealt++) {
    size_t least = dealt < division->elements ? dealt : 0;
    for (size_t e = 0; e < division->elements; e++) {
      if (division->load[e] < division->load[least]) least = e;
    }
    piece->element = least;
    division->load[least] += piece->operations;
  }
}

static void drop_done(hr_division *division, const bool *is_done) {
  size_t left = 0;
  for (size_t i = 0; i < division->count; i++) {
    if (!is_done[i]) division->pieces[left++] = division->pieces[i];
  }
  division->count = left;
}

hr_status hr_division_make(const hr_plan *plan, size_t elements, hr_division *out,
                           hr_error *err) {
  return hr_division_make_rest(plan, elements, NULL, out, err);
}

hr_status hr_division_make_rest(const hr_plan *plan, size_t elements, const bool *is_done,
                                hr_division *out, hr_error *err) {
  hr_status status = HR_OK;
  size_t most = 0;
  *out = (hr_division){.elements = elements};
  for (size_t i = 0; i < plan->config->expert_count; i++) {
    most += slots_of(plan, &plan->config->experts[i]);
  }
  HR_TRY(hr_alloc(&out->pieces, most, err));
  HR_TRY(hr_alloc(&out->load, elements, err));
  list_pieces(plan, out);
  if (is_done) drop_done(out, is_done);
  deal(out);
cleanup:
  return status;
}

void hr_division_fini(hr_division *division) {
  hr_free(division->pieces);
  hr_free(division->load);
  *division = (hr_division){0};
}

void hr_division_share(const hr_division *division, size_t element, hr_share *out) {
  memset(out, 0, sizeof *out);
  for (size_t i = 0; i < division->count; i++) {
    const hr_piece *piece = &division->pieces[i];
    if (piece->element != element) continue;
    out->has[piece->expert] = true;
    for (int s = 0; s <= HR_MOST_BINS; s++) {
      bool is_its = piece->slot == HR_EVERY_SLOT || piece->slot == s;
      if (is_its) out->wanted[piece->expert][s] = true;
    }
  }
}

static double largest_load(const hr_division *division) {
  double most = 0;
  for (size_t e = 0; e < division->elements; e++) {
    if (division->load[e] > most) most = division->load[e];
  }
  return most;
}

hr_status hr_division_suggest(const hr_plan *plan, size_t *elements, hr_error *err) {
  const double enough = 1.1;
  hr_division division = {0};
  double largest = 0;
  size_t n = 1;
  hr_status status = hr_division_make(plan, 1, &division, err);
  for (size_t i = 0; i < division.count; i++) {
    double operations = division.pieces[i].operations;
    if (operations > largest) largest = operations;
  }
  size_t most = division.count;
  while (status == HR_OK && n < most && largest_load(&division) > enough * largest) {
    hr_division_fini(&division);
    status = hr_division_make(plan, ++n, &division, err);
  }
  hr_division_fini(&division);
  *elements = n;
  return status;
}

hr_status hr_piece_tasks(const hr_plan *plan, const hr_piece *piece, hr_strings *out,
                         hr_error *err) {
  hr_status status = HR_OK;
  char name[HR_TASK_NAME_BYTES];
  const hr_config_expert *expert = &plan->config->experts[piece->expert];
  for (size_t s = 0; s < slots_of(plan, expert); s++) {
    if (piece->slot != HR_EVERY_SLOT && piece->slot != (int)s) continue;
    hr_task_name(expert->type, plan->view.bin_count, s, name);
    HR_TRY(hr_strings_append(out, name, err));
  }
cleanup:
  return status;
}
