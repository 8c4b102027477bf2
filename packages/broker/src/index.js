export { startBroker } from './broker.js';
