import { HandlerTable } from '../dispatch/table.ts';
export declare function allHandlers(): HandlerTable;
