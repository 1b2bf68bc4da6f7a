# The load generator and the ceiling. emsg_load_kit is what tests can link.
add_library(emsg_load_kit STATIC chat_run.cpp group_run.cpp login_run.cpp offline_run.cpp options.cpp order_check.cpp
  process_usage.cpp report.cpp rpc_run.cpp)
target_include_directories(emsg_load_kit PUBLIC ${PROJECT_SOURCE_DIR}/bench)
target_link_libraries(emsg_load_kit PUBLIC sara_makeconn PRIVATE sara_build)

foreach(program emsg_load ceiling)
  add_executable(${program} ${program}.cpp)
  target_link_libraries(${program} PRIVATE emsg_load_kit sara_build)
  set_target_properties(${program} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
endforeach()
