// The package's Worker in surroundings that are not as they should be.
import './fault-surroundings.js';
import '/pkg/worker.js';
