/* Reading units: a small grammar, as astropy, SDSS and DESI write them. */
#include "data/fits/unit.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "core/text.h"

/* c in m/s: f_lambda = f_nu c / lambda^2. */
static const double light = 2.99792458e8;

static const struct {
  const char *name;
  hr_fits_unit unit;
} known[] = {
    {"m", {1, 0, 0, 1, 0}},          {"cm", {1, -2, 0, 1, 0}},
    {"mm", {1, -3, 0, 1, 0}},        {"um", {1, -6, 0, 1, 0}},
    {"micron", {1, -6, 0, 1, 0}},    {"nm", {1, -9, 0, 1, 0}},
    {"\xc2\xb5m", {1, -6, 0, 1, 0}}, /* U+00B5, the sign of micro */
    {"s", {1, 0, 0, 0, 1}},          {"sec", {1, 0, 0, 0, 1}},
    {"Hz", {1, 0, 0, 0, -1}},        {"J", {1, 0, 1, 2, -2}},
    {"erg", {1, -7, 1, 2, -2}},      {"ergs", {1, -7, 1, 2, -2}},
    {"W", {1, 0, 1, 2, -3}},         {"Jy", {1, -26, 1, 0, -2}},
    {"mJy", {1, -29, 1, 0, -2}},     {"uJy", {1, -32, 1, 0, -2}},
    {"nJy", {1, -35, 1, 0, -2}},
};

static const char *const angstroms[] = {"Angstrom", "Angstroms", "Ang", "AA", "A"};

/* Where the reading is. */
typedef struct cursor {
  const char *at;
  bool failed;
} cursor;

static void skip_spaces(cursor *c) {
  while (*c->at == ' ') c->at++;
}

/* A whole number with its sign, in parentheses or not; `otherwise` where there is none.
 */
static int read_power(cursor *c, int otherwise) {
  bool is_marked = false, is_closed = false;
  int sign = 1, value = 0, digits = 0;
  if (c->at[0] == '*' && c->at[1] == '*') c->at += 2, is_marked = true;
  if (c->at[0] == '^') c->at++, is_marked = true;
  if (is_marked && *c->at == '(') c->at++, is_closed = true;
  if (*c->at == '+' || *c->at == '-') sign = *c->at++ == '-' ? -1 : 1, is_marked = true;
  for (; isdigit((unsigned char)*c->at) && digits < 4; digits++) {
    value = 10 * value + (*c->at++ - '0');
  }
  if (digits == 0) {
    c->failed |= is_marked;
    return otherwise;
  }
  if (is_closed && *c->at++ != ')') c->failed = true;
  return sign * value;
}

/* Far beyond all units, where sums of powers would be beyond all numbers. */
static int add_power(int sum, int power, int own) {
  enum { MOST = 1000 };
  int next = sum + power * own;
  return next > MOST ? MOST : next < -MOST ? -MOST : next;
}

static void multiply(hr_fits_unit *out, const hr_fits_unit *by, int power) {
  out->mantissa *= pow(by->mantissa, power);
  out->exponent = add_power(out->exponent, power, by->exponent);
  out->mass = add_power(out->mass, power, by->mass);
  out->length = add_power(out->length, power, by->length);
  out->time = add_power(out->time, power, by->time);
}

static bool find_unit(const char *name, size_t length, hr_fits_unit *out) {
  static const hr_fits_unit angstrom = {1, -10, 0, 1, 0};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    if (strlen(known[i].name) != length) continue;
    if (strncmp(known[i].name, name, length) != 0) continue;
    *out = known[i].unit;
    return true;
  }
  for (size_t i = 0; i < sizeof angstroms / sizeof angstroms[0]; i++) {
    if (strlen(angstroms[i]) != length) continue;
    if (strncasecmp(angstroms[i], name, length) != 0) continue;
    *out = angstrom;
    return true;
  }
  return false;
}

/* 10**-17, 10-17, 1e-17 or 2.5. */
static hr_fits_unit read_number(cursor *c) {
  hr_fits_unit out = {1, 0, 0, 0, 0};
  char text[32];
  size_t length = 0;
  if (strncmp(c->at, "10", 2) == 0 &&
      !strchr(".0123456789eE", c->at[2] ? c->at[2] : '.')) {
    c->at += 2;
    out.exponent = read_power(c, 1);
    return out;
  }
  while (length + 1 < sizeof text && (isdigit((unsigned char)*c->at) || *c->at == '.')) {
    text[length++] = *c->at++;
  }
  text[length] = '\0';
  double value = 0;
  if (!hr_parse_number(text, &value) || !(value > 0)) c->failed = true;
  if (*c->at == 'e' || *c->at == 'E') {
    c->at++;
    out.exponent = read_power(c, 0);
  }
  out.mantissa = value;
  return out;
}

static hr_fits_unit read_product(cursor *c, int depth);

/* A number, a unit with its power, or a group. */
static hr_fits_unit read_factor(cursor *c, int depth) {
  enum { DEEPEST = 4 };
  hr_fits_unit own = {1, 0, 0, 0, 0}, out = own;
  skip_spaces(c);
  if (isdigit((unsigned char)*c->at)) return read_number(c);
  if (*c->at == '(') {
    c->at++;
    if (depth < DEEPEST) own = read_product(c, depth + 1);
    c->failed |= depth >= DEEPEST || *c->at != ')';
    if (!c->failed) c->at++;
  } else {
    const char *name = c->at;
    while (isalpha((unsigned char)*c->at) || (unsigned char)*c->at >= 0x80) c->at++;
    c->failed |= !find_unit(name, (size_t)(c->at - name), &own);
  }
  if (c->failed) return out;
  multiply(&out, &own, read_power(c, 1));
  return out;
}

static hr_fits_unit read_product(cursor *c, int depth) {
  hr_fits_unit out = {1, 0, 0, 0, 0};
  int power = 1;
  for (;;) {
    const hr_fits_unit factor = read_factor(c, depth);
    multiply(&out, &factor, power);
    skip_spaces(c);
    if (c->failed || *c->at == '\0' || *c->at == ')') return out;
    power = *c->at == '/' ? -1 : 1;
    if (*c->at == '/' || *c->at == '*' || *c->at == '.') c->at++;
  }
}

bool hr_fits_unit_parse(const char *text, hr_fits_unit *out) {
  cursor c = {.at = text};
  skip_spaces(&c);
  if (*c.at == '\0') return false;
  *out = read_product(&c, 0);
  return !c.failed && *c.at == '\0';
}

static bool measures(const hr_fits_unit *unit, int mass, int length, int time) {
  return unit->mass == mass && unit->length == length && unit->time == time;
}

bool hr_fits_unit_flux(const hr_fits_unit *unit, hr_flux_unit *out) {
  enum { OWN_PER_ANGSTROM = -10, NANOJANSKY = -35 }; /* in W/m3, and W/m2/Hz */
  if (measures(unit, 1, -1, -3)) {
    double factor = unit->mantissa * hr_power_of_ten(unit->exponent - OWN_PER_ANGSTROM);
    *out = (hr_flux_unit){HR_FLUX_PER_ANGSTROM, factor};
    return true;
  }
  if (measures(unit, 1, 0, -2)) {
    double factor = unit->mantissa * hr_power_of_ten(unit->exponent - NANOJANSKY);
    *out = (hr_flux_unit){HR_FLUX_PER_HERTZ, factor};
    return true;
  }
  return false;
}

bool hr_fits_unit_wavelength(const hr_fits_unit *unit, double *angstrom) {
  enum { ANGSTROM = -10 };
  if (!measures(unit, 0, 1, 0)) return false;
  *angstrom = unit->mantissa * hr_power_of_ten(unit->exponent - ANGSTROM);
  return true;
}

hr_fits_unit hr_fits_unit_power(const hr_fits_unit *unit, int power) {
  hr_fits_unit out = {1, 0, 0, 0, 0};
  multiply(&out, unit, power);
  return out;
}

double hr_flux_per_angstrom(const hr_flux_unit *unit, double wave_angstrom) {
  /* nJy c / A^2 over 1e-17 erg/s/cm2/A: 1e-35 c / 1e-20 / 1e-10. */
  const double nanojansky = light * 1e-5;
  if (unit->kind != HR_FLUX_PER_HERTZ) return unit->factor;
  return unit->factor * nanojansky / (wave_angstrom * wave_angstrom);
}
