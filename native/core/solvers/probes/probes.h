// The probes of one run: what run.cc sees of this folder.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "probe.h"

namespace lowrank {

// Names of all probes.
std::vector<std::string> probeNames();

class Probes {
 public:
  explicit Probes(SolverState& state) : scene_(state) {}

  // Adds a column; false when no probe has this name. Throws Error(invalidArgument) when the run cannot serve it.
  bool add(const std::string& name);
  bool empty() const { return slots_.empty(); }

  // After the start of the run was evaluated: allocates all that the columns need, and makes one pass when a column
  // looks at A*(y). False when cancelled.
  bool start(Team& team);
  // After every iteration.
  void step();

  // Numbers that column `slot` (in the order of add) has, and their values for the present factors; NaN where LAPACK
  // refuses them.
  std::int64_t width(std::size_t slot) const;
  void value(std::size_t slot, double* out);

  std::int64_t bytes() const;

 private:
  struct Slot {
    std::size_t group, column;
  };
  ProbeScene scene_;
  std::vector<Slot> slots_;
  std::vector<std::unique_ptr<ProbeGroup>> groups_;  // null where no column of it is recorded
};

}  // namespace lowrank
