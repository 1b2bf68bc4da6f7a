// Which instance provides which service. Decides that a service has one provider and that a handle
// outlives its providers; transports are many and are known to nobody but the gate.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "bus/service_table.h"

namespace sara::bus {

class Instance;

class ServiceRegistry final : public ServiceTable {
  public:
    const sara_service* handle(std::string_view id) override;
    // [control] False: somebody else provides it.
    bool provide(const Instance* provider, std::string_view id, const void* api, void* self);
    // [control] Everything that this instance provides.
    void withdraw(const Instance* provider);

  private:
    struct Entry {
        sara_service service{sizeof(sara_service), 0, nullptr, nullptr};
        const Instance* provider = nullptr;
    };
    Entry& entry(std::string_view id);

    std::mutex mutex_;  // guards the map; what a handle shows is written by the control thread only
    std::map<std::string, std::unique_ptr<Entry>, std::less<>> entries_;
};

}  // namespace sara::bus
