// The list of probe groups: a new one is one line here and one file beside this one.
#include <algorithm>
#include <limits>

#include "../../error.h"
#include "probes.h"

namespace lowrank {
namespace {

const std::vector<ProbeGroupEntry>& entries() {
  static const auto* list = new std::vector<ProbeGroupEntry>{
      signalProbes(), alignmentProbes(), powerProbes(), deviationProbes(), spectrumProbes(), imbalanceProbes(),
  };  // never destroyed: threads may outlive static destructors
  return *list;
}

const ProbeColumn& columnOf(std::size_t group, std::size_t column) { return entries()[group].columns[column]; }

}  // namespace

std::vector<std::string> probeNames() {
  std::vector<std::string> names;
  for (const auto& entry : entries()) {
    for (const auto& column : entry.columns) names.emplace_back(column.name);
  }
  return names;
}

bool Probes::add(const std::string& name) {
  for (std::size_t group = 0; group < entries().size(); ++group) {
    const auto& columns = entries()[group].columns;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (name != columns[i].name) continue;
      scene_.require(columns[i].needs, name);
      slots_.push_back({group, i});
      return true;
    }
  }
  return false;
}

bool Probes::start(Team& team) {
  if (empty()) return true;
  if (!scene_.start(team)) return false;
  groups_.resize(entries().size());
  for (std::size_t group = 0; group < groups_.size(); ++group) {
    std::vector<bool> wanted(entries()[group].columns.size(), false);
    for (const Slot& slot : slots_) {
      if (slot.group == group) wanted[slot.column] = true;
    }
    if (std::find(wanted.begin(), wanted.end(), true) != wanted.end()) {
      groups_[group] = entries()[group].make(scene_, wanted);
    }
  }
  return true;
}

void Probes::step() {
  if (empty()) return;
  scene_.factorsChanged();
  for (const auto& group : groups_) {
    if (!group || !group->everyIteration()) continue;
    try {
      group->step(scene_);
    } catch (const Error& error) {
      // Factors that overflow: the loop itself will see them.
      if (error.code() != ErrorCode::nonFinite && error.code() != ErrorCode::numerical) throw;
    }
  }
}

std::int64_t Probes::width(std::size_t slot) const {
  return columnOf(slots_[slot].group, slots_[slot].column).vector ? scene_.rank() : 1;
}

void Probes::value(std::size_t slot, double* out) {
  try {
    groups_[slots_[slot].group]->value(slots_[slot].column, scene_, out);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::nonFinite && error.code() != ErrorCode::numerical) throw;
    std::fill(out, out + width(slot), std::numeric_limits<double>::quiet_NaN());
  }
}

std::int64_t Probes::bytes() const {
  if (empty()) return 0;
  std::int64_t sum = scene_.bytes();
  for (const auto& group : groups_) sum += group ? group->bytes() : 0;
  return sum;
}

}  // namespace lowrank
