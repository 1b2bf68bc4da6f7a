// Who provides which service. One provider each, except sara.transport/1, of which there may be
// many.
#pragma once
#include <string_view>

#include "sara/sara.h"

namespace sara::bus {

class ServiceTable {
  public:
    virtual ~ServiceTable() = default;
    // [any] Handle that stays valid for the life of the bus; api is nullptr while nobody provides
    // it.
    virtual const sara_service* handle(std::string_view id) = 0;
};

}  // namespace sara::bus
