#include "vector_arguments.h"

namespace lowrank::binding {

Field fieldArgument(Napi::Value value, const char* name) {
  return choice<Field>(value, name, {{"real", Field::real}, {"complex", Field::complex}});
}

std::vector<double> numberList(Napi::Value value, const char* name) {
  constexpr std::uint32_t most = 64;
  if (!value.IsArray())
    refuse(std::string("Expected an array of numbers for ") + name + " but " + received(value) + ".");
  const Napi::Array list = value.As<Napi::Array>();
  const std::uint32_t length = list.Length();
  if (length > most) {
    refuse(std::string("Expected at most ") + std::to_string(most) + " numbers for " + name + " but received " +
           std::to_string(length) + ".");
  }
  std::vector<double> numbers;
  for (std::uint32_t i = 0; i < length; ++i) {
    numbers.push_back(finiteNumber(list.Get(i), (std::string(name) + "[" + std::to_string(i) + "]").c_str()));
  }
  return numbers;
}

LossSpec lossArgument(Napi::Value value, const char* name) {
  const Napi::Object given = object(value, name);
  LossSpec spec;
  spec.name = text(property(given, "name"), (std::string(name) + ".name").c_str());
  spec.parameters = numberList(property(given, "parameters"), (std::string(name) + ".parameters").c_str());
  return spec;
}

AlignedBuffer<double> splitCopyOf(Napi::Value value, const char* name, std::int64_t count, Field field) {
  if (field == Field::real) return copyOf(value, name, count);
  const AlignedBuffer<double> joined = copyOf(value, name, product(2, count, name));
  AlignedBuffer<double> split(2 * count);
  for (std::int64_t i = 0; i < count; ++i) {
    split[i] = joined[2 * i];
    split[count + i] = joined[2 * i + 1];
  }
  return split;
}

void joinInto(const double* split, std::int64_t count, Field field, double* out) noexcept {
  if (field == Field::real) {
    for (std::int64_t i = 0; i < count; ++i) out[i] = split[i];
    return;
  }
  for (std::int64_t i = 0; i < count; ++i) {
    out[2 * i] = split[i];
    out[2 * i + 1] = split[count + i];
  }
}

}  // namespace lowrank::binding
