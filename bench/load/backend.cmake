# The backend of the scenario logins-callback, and the measurement of chat beside a backend that misbehaves.
add_executable(backend backend.cpp)
target_link_libraries(backend PRIVATE sara_build)
set_target_properties(backend PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)

if(TARGET wire_kit)
  add_executable(callback_ratio callback_ratio.cpp)
  target_link_libraries(callback_ratio PRIVATE wire_kit sara_build)
  target_compile_definitions(callback_ratio PRIVATE SARA_BINARY_DIR="${CMAKE_BINARY_DIR}")
  set_target_properties(callback_ratio PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
  add_dependencies(callback_ratio sara auth-callback transport-tcp store-embedded emsg_load)
endif()
