// The linear map of a vector problem, r = X theta, with X m x n over the real or complex numbers: what a solver may
// know of it. A new design is one new file that implements these two classes.
//
// A complex vector of n numbers is kept split, 2 n doubles: first all real parts, then all imaginary parts. So sums,
// norms and updates of vectors are the same loops in both fields.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "../runtime/team.h"

namespace lowrank {

enum class Field { real, complex };

// Consecutive entries of a split vector; `im` is null in the real field.
struct Entries {
  const double* re = nullptr;
  const double* im = nullptr;
};
struct MutableEntries {
  double* re = nullptr;
  double* im = nullptr;
  operator Entries() const noexcept { return {re, im}; }
};

// What a fused pass does to r on its way back: weight_i = w(r_i), row by row. Called from many threads at once, for
// disjoint stretches of rows, each row exactly once; must not allocate or throw. May write to arrays of its own at
// [first, first + count).
class RowMap {
 public:
  virtual ~RowMap() = default;
  virtual void map(std::int64_t first, std::int64_t count, Entries r, MutableEntries weight) const = 0;
};

// Scratch of one run; the design itself is immutable once filled and may serve many runs at once.
class DesignWorkspace {
 public:
  virtual ~DesignWorkspace() = default;
  virtual std::int64_t bytes() const = 0;
};

// Every pass returns false when the team was cancelled in the middle; outputs are then unspecified. Results have the
// same bits for any number of threads.
class Design {
 public:
  virtual ~Design() = default;

  virtual const char* name() const noexcept = 0;
  virtual Field field() const noexcept = 0;
  virtual std::int64_t measurements() const noexcept = 0;  // m
  virtual std::int64_t dimension() const noexcept = 0;     // n, the unknowns
  virtual std::int64_t bytes() const noexcept = 0;         // kept in memory
  virtual std::int64_t bytesPerPass() const noexcept = 0;
  virtual double squaredNorm() const noexcept = 0;  // ||X||_F^2

  virtual std::unique_ptr<DesignWorkspace> workspace() const = 0;

  // r (m) = X theta
  virtual bool apply(const double* theta, double* r, DesignWorkspace& workspace, Team& team) const = 0;
  // out (n) = X^H g
  virtual bool adjoint(const double* g, double* out, DesignWorkspace& workspace, Team& team) const = 0;
  // The fused pass: r = X theta, out = X^H map(r). A dense design is read from memory once.
  virtual bool applyAndAdjoint(const double* theta, double* r, const RowMap& map, double* out,
                               DesignWorkspace& workspace, Team& team) const = 0;

  // Row i (n numbers, split): what Kaczmarz needs. Column j (m numbers, split): what coordinate descent needs.
  virtual void readRow(std::int64_t i, double* out) const = 0;
  virtual void readColumn(std::int64_t j, double* out) const = 0;
  // out_i = ||x_i||^2, m numbers. Here: by reading every row; a design that knows its norms overrides it.
  virtual void squaredRowNorms(double* out) const {
    std::vector<double> row(static_cast<std::size_t>(width(dimension())));
    for (std::int64_t i = 0; i < measurements(); ++i) {
      readRow(i, row.data());
      double sum = 0;
      for (const double x : row) sum += x * x;
      out[i] = sum;
    }
  }

  // Doubles of a vector of `count` numbers of this field.
  std::int64_t width(std::int64_t count) const noexcept { return field() == Field::complex ? 2 * count : count; }
};

// A view of entries [first, ...) of a split vector of `count` numbers.
inline Entries entriesOf(const double* vector, std::int64_t count, Field field, std::int64_t first = 0) noexcept {
  return {vector + first, field == Field::complex ? vector + count + first : nullptr};
}
inline MutableEntries entriesOf(double* vector, std::int64_t count, Field field, std::int64_t first = 0) noexcept {
  return {vector + first, field == Field::complex ? vector + count + first : nullptr};
}

}  // namespace lowrank
