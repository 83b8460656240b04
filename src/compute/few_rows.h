/* What compute/few.c does to four rows and one vector, for vector units of one width: to
 * be included once a width, by few.c alone. Before it are defined
 *   HR_FEW(name)  the name of a function of that width
 *   HR_FEW_BYTES  of a register: eight doubles, or sixteen floats, are in one or in two
 * Sums are the same whatever the width: in eight (sixteen) lanes, lane l of which has the
 * elements l, l + 8, .... */
typedef double HR_FEW(doubles)
    __attribute__((vector_size(HR_FEW_BYTES), aligned(sizeof(double))));
typedef float HR_FEW(floats)
    __attribute__((vector_size(HR_FEW_BYTES), aligned(sizeof(float))));

enum {
  HR_FEW(PARTS) = 64 / HR_FEW_BYTES,
  HR_FEW(D) = HR_FEW_BYTES / sizeof(double),
  HR_FEW(F) = HR_FEW_BYTES / sizeof(float)
};

/* Of each of `count` vectors, 1 or 2 and known to the compiler: y += A x for rows i ..
 * i+3 and columns behind them, and the same of the mirrored triangle. Two share what is
 * loaded of A. */
HR_PART_OF_CLONES void HR_FEW(multiply_rows)(size_t n, const double *restrict a, size_t i,
                                             size_t count, const double *const *x,
                                             double *const *y) {
  typedef HR_FEW(doubles) doubles;
  const double *row = a + i * n;
  const double *next = i + 2 * ROWS <= n ? row + ROWS * n : row;
  doubles sum[2][HR_FEW(PARTS)][ROWS] = {{{{0}}}};
  size_t j = i + ROWS;
  for (; j + DOUBLES <= n; j += DOUBLES) {
    for (size_t r = 0; r < ROWS; r++) __builtin_prefetch(next + r * n + j, 0, 2);
    for (size_t h = 0; h < HR_FEW(PARTS); h++) {
      size_t at = j + h * HR_FEW(D);
      const doubles a0 = *(const doubles *)(row + at);
      const doubles a1 = *(const doubles *)(row + n + at);
      const doubles a2 = *(const doubles *)(row + 2 * n + at);
      const doubles a3 = *(const doubles *)(row + 3 * n + at);
      for (size_t t = 0; t < count; t++) {
        const double *xi = x[t] + i;
        const doubles xj = *(const doubles *)(x[t] + at);
        doubles *yj = (doubles *)(y[t] + at);
        sum[t][h][0] += a0 * xj;
        sum[t][h][1] += a1 * xj;
        sum[t][h][2] += a2 * xj;
        sum[t][h][3] += a3 * xj;
        *yj = *yj + (a0 * xi[0] + a1 * xi[1]) + (a2 * xi[2] + a3 * xi[3]);
      }
    }
  }
  for (size_t t = 0; t < count; t++) {
    for (size_t r = 0; r < ROWS; r++) {
      for (size_t l = 0; l < DOUBLES; l++)
        y[t][i + r] += sum[t][l / HR_FEW(D)][r][l % HR_FEW(D)];
      for (size_t c = j; c < n; c++) {
        y[t][i + r] += row[r * n + c] * x[t][c];
        y[t][c] += row[r * n + c] * x[t][i + r];
      }
    }
  }
}

/* Of `count` right sides, 1 or 2: takes y of rows i .. i+3 from what is behind them. */
HR_PART_OF_CLONES void HR_FEW(forward_rows)(size_t n, const float *restrict u, size_t i,
                                            size_t count, float *const *b) {
  typedef HR_FEW(floats) floats;
  const float *row = u + i * n;
  const float *next = i + 2 * ROWS <= n ? row + ROWS * n : row;
  size_t j = i + ROWS;
  for (; j + FLOATS <= n; j += FLOATS) {
    for (size_t r = 0; r < ROWS; r++) __builtin_prefetch(next + r * n + j, 0, 2);
    for (size_t h = 0; h < HR_FEW(PARTS); h++) {
      size_t at = j + h * HR_FEW(F);
      const floats u0 = *(const floats *)(row + at);
      const floats u1 = *(const floats *)(row + n + at);
      const floats u2 = *(const floats *)(row + 2 * n + at);
      const floats u3 = *(const floats *)(row + 3 * n + at);
      for (size_t t = 0; t < count; t++) {
        const float *bi = b[t] + i;
        floats *bj = (floats *)(b[t] + at);
        *bj -= u0 * bi[0] + u1 * bi[1] + (u2 * bi[2] + u3 * bi[3]);
      }
    }
  }
  for (size_t t = 0; t < count; t++) {
    for (size_t c = j; c < n; c++) {
      for (size_t r = 0; r < ROWS; r++) b[t][c] -= row[r * n + c] * b[t][i + r];
    }
  }
}

/* Of `count` right sides, 1 or 2: takes what is behind from rows i .. i+3. */
HR_PART_OF_CLONES void HR_FEW(backward_rows)(size_t n, const float *restrict u, size_t i,
                                             size_t count, float *const *b) {
  typedef HR_FEW(floats) floats;
  const float *row = u + i * n;
  const float *next = i >= ROWS ? row - ROWS * n : row;
  floats sum[2][HR_FEW(PARTS)][ROWS] = {{{{0}}}};
  size_t j = i + ROWS;
  for (; j + FLOATS <= n; j += FLOATS) {
    for (size_t r = 0; r < ROWS; r++) __builtin_prefetch(next + r * n + j, 0, 2);
    for (size_t h = 0; h < HR_FEW(PARTS); h++) {
      size_t at = j + h * HR_FEW(F);
      const floats u0 = *(const floats *)(row + at);
      const floats u1 = *(const floats *)(row + n + at);
      const floats u2 = *(const floats *)(row + 2 * n + at);
      const floats u3 = *(const floats *)(row + 3 * n + at);
      for (size_t t = 0; t < count; t++) {
        const floats bj = *(const floats *)(b[t] + at);
        sum[t][h][0] += u0 * bj;
        sum[t][h][1] += u1 * bj;
        sum[t][h][2] += u2 * bj;
        sum[t][h][3] += u3 * bj;
      }
    }
  }
  for (size_t t = 0; t < count; t++) {
    for (size_t r = 0; r < ROWS; r++) {
      for (size_t l = 0; l < FLOATS; l++)
        b[t][i + r] -= sum[t][l / HR_FEW(F)][r][l % HR_FEW(F)];
      for (size_t c = j; c < n; c++) b[t][i + r] -= row[r * n + c] * b[t][c];
    }
  }
}

/* y += A x but for the corners on the diagonal. */
HR_PART_OF_CLONES void HR_FEW(multiply)(size_t n, const double *a, size_t count,
                                        const double *const *x, double *const *y) {
  for (size_t i = 0; i + ROWS <= n; i += ROWS) {
    size_t t = count % 2;
    if (t > 0) HR_FEW(multiply_rows)(n, a, i, 1, x, y);
    for (; t < count; t += 2) HR_FEW(multiply_rows)(n, a, i, 2, x + t, y + t);
  }
}

HR_PART_OF_CLONES void HR_FEW(solve)(size_t n, const float *u, size_t count,
                                     float *const *b) {
  size_t whole = n - n % ROWS, odd = count % 2;
  for (size_t i = 0; i < whole; i += ROWS) {
    for (size_t t = 0; t < count; t++) forward_corner(n, u, i, i + ROWS, b[t]);
    if (odd > 0) HR_FEW(forward_rows)(n, u, i, 1, b);
    for (size_t t = odd; t < count; t += 2) HR_FEW(forward_rows)(n, u, i, 2, b + t);
  }
  for (size_t t = 0; t < count; t++) {
    forward_corner(n, u, whole, n, b[t]);
    backward_corner(n, u, whole, n, b[t]);
  }
  for (size_t i = whole; i > 0; i -= ROWS) {
    if (odd > 0) HR_FEW(backward_rows)(n, u, i - ROWS, 1, b);
    for (size_t t = odd; t < count; t += 2)
      HR_FEW(backward_rows)(n, u, i - ROWS, 2, b + t);
    for (size_t t = 0; t < count; t++) backward_corner(n, u, i - ROWS, i, b[t]);
  }
}

#undef HR_FEW
#undef HR_FEW_BYTES
