// Throws where a C++ author would: the SDK's barrier must turn it into a status.
#include <sara/plugin.hpp>
#include <stdexcept>

#include "manifest.h"

namespace {
class Thrower : public sara::Plugin {
    sara::Result<void> init() override { throw std::runtime_error("the map has no key 'x'"); }
};
}  // namespace

SARA_PLUGIN(Thrower)
